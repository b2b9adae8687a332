"""The sliding window of a convolution or pooling."""

from __future__ import annotations

from typing import NamedTuple


class Window(NamedTuple):
    """A square window.

    Parameters
    ----------
    kernel : int
        Side of the window.
    stride : int
        Step between two positions of the window.
    padding : int
        Zeros put on each side of the input. The paper calls Po the pooling size here.
    """

    kernel: int
    stride: int = 1
    padding: int = 0

    def output_size(self, size: int) -> int:
        """Return the output's side for an input of side `size`; below 1 if the window is too big.

        Departs from the paper, which has no floor and so gives fractions.
        """
        return (size - self.kernel + 2 * self.padding) // self.stride + 1  # (9)


def same(kernel: int, stride: int = 1) -> Window:
    """Return the window that keeps the size of its input at stride 1; `kernel` is odd."""
    return Window(kernel, stride, kernel // 2)

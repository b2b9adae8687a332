from .spec import draw_stream, read_trace
from .streams import Stream, diurnal, markov_modulated, poisson

__all__ = [
    "Stream",
    "diurnal",
    "draw_stream",
    "markov_modulated",
    "poisson",
    "read_trace",
]

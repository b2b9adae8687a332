from .spec import draw_stream
from .streams import Stream, diurnal, markov_modulated, poisson
from .trace import read_trace

__all__ = [
    "Stream",
    "diurnal",
    "draw_stream",
    "markov_modulated",
    "poisson",
    "read_trace",
]

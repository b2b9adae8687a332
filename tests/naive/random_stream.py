"""xoshiro256++ in Python's whole numbers."""

MASK = 2**64 - 1


def rotate(word, bits):
    return ((word << bits) | (word >> (64 - bits))) & MASK


class NaiveStream:
    def __init__(self, state):
        self.state = [int(word) for word in state]

    def integer(self):
        s = self.state
        result = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotate(s[3], 45)
        return result

    def uniform(self):
        return (self.integer() >> 11) * 2.0**-53

"""Bare pointers to the data of arrays.

Numba passes an array to a helper as seven values and counts references to it atomically, at every call. For helpers called once
per word that costs several times the work; a pointer is one value. A pointer takes no negative index and has no length.
"""

from numba.core import types
from numba.extending import intrinsic


@intrinsic
def borrow(typing_context, array):
    """Return a pointer to the items of a contiguous array. The caller keeps the array alive for as long as it is used."""

    def generate(context, builder, signature, arguments):
        return context.make_array(signature.args[0])(context, builder, value=arguments[0]).data

    return types.CPointer(array.dtype)(array), generate

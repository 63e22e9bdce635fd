"""Bare pointers to the data of arrays.

Numba passes an array to a helper as seven values and counts references to it atomically, at every call. For helpers
called once per word that costs several times the work; a pointer is one value. A pointer takes no negative index and
has no length.
"""

from typing import Any

from numba.core import types
from numba.extending import intrinsic

# In kernels: an array or the pointer to its items, and a 64-bit integer.
Array = Any
Int = Any


@intrinsic
def _borrow(typing_context: Any, array: Any) -> Any:
    """Return a pointer to the items of a contiguous array, which the caller keeps alive while it is used."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, value=arguments[0]).data

    pointer: Any = types.CPointer
    return pointer(array.dtype)(array), generate


borrow: Any = _borrow

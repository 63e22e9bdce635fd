"""Array views that are not reference counted.

Numba counts references atomically at every call of a kernel's helper. For helpers called once per word that costs more than
the work: with views that have no owner, segmentation is five times as fast.
"""

from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def borrow(typing_context, array):
    """Return a view of ``array`` without an owner. The caller keeps ``array`` alive for as long as the view is used."""

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, value=arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return array(array), generate

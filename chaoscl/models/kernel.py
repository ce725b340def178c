"""Which kernel a command's run counts with; apart from chaoscl.models.build, which imports Avalanche."""

from chaoscl.cortex.kernels import AUTO, check_kernel, installed
from chaoscl.errors import UserError
from chaoscl.models.zoo import find_model


def resolve_kernel(kernel: str, model: str, mode: str, device: str) -> str:
    """Return the kernel that counts spikes where ``kernel`` is asked for: for ``auto``, the fused one if it can.

    Args:
        kernel: ``auto``, ``torch`` or ``fused``.
        model: its name; one without a cortex has nothing to count, so that ``auto`` is ``torch``.
        mode: of the cortex.
        device: ``cpu`` or ``cuda``.

    Raises:
        UserError: there is no such kernel, or the fused one is not installed or cannot count here.
    """
    try:
        asked = check_kernel(kernel, device)
    except ValueError as error:
        raise UserError(f"--kernel {kernel}: {error}") from error
    able = find_model(model).trunk == "chaos" and mode != "feedback"
    if asked == "fused" and not able:
        raise UserError(f"--kernel fused counts for no {model} with --mode {mode}; use --kernel torch or auto")
    if asked == AUTO:
        return "fused" if able and installed(device) else "torch"
    return asked

"""Which kernel a command's run computes with; apart from chaoscl.models.build, which imports Avalanche."""

from chaoscl.cortex.kernels import AUTO, check_kernel, choose_kernel
from chaoscl.errors import UserError
from chaoscl.models.zoo import Model


def resolve_kernel(kernel: str, model: Model, device: str) -> str:
    """Return the kernel of a run where ``kernel`` is asked for: for ``auto``, the fused one if it can do something.

    It counts the spikes of a cortex (chaoscl.cortex.kernels) and, on a CPU, computes the first block of an image
    encoder (chaoscl.models.first_block).

    Args:
        kernel: ``auto``, ``torch`` or ``fused``.
        model: what is trained.
        device: ``cpu`` or ``cuda``.

    Raises:
        UserError: there is no such kernel, or the fused one is not installed or has nothing that it can do here.
    """
    try:
        asked = check_kernel(kernel, device)
    except ValueError as error:
        raise UserError(f"--kernel {kernel}: {error}") from error
    able = model.has_fused(device)
    if asked == "fused" and not able:
        raise UserError(
            f"--kernel fused can do nothing for {model.name} with --device {device}; use --kernel torch or auto"
        )
    if asked == AUTO:
        return choose_kernel(device) if able else "torch"
    return asked

"""The methods that look for the strongest pattern in a layer instead of asking the score."""

from __future__ import annotations

import torch
from torch import Tensor


def eigencam(activations: Tensor) -> Tensor:
    """EigenCAM (Muhammad and Yeasin, IJCNN 2020): the activations on their first right singular vector.

    With the activations of one image as a matrix A of one row a cell and one column a channel, A = U S V^T, the map is
    A v_1. As in the paper the columns are not centred. The same for every class; no gradient is needed.

    A singular vector has no sign of its own. Ours: the map goes along with the sum of A over the channels (their inner
    product over the grid, neither centred, is positive), so that of activations that are not negative the map is not
    negative either. Where that product is 0, the map's largest value by size is positive. Where the first two singular
    values are equal, v_1 is any vector of their plane, and so is the map.

    Cost: no pass; one eigenvalue problem of the smaller of cells and channels. Unit: relative.

    Args:
        activations: ``(N, C, *grid)``.

    Returns: ``(N, *grid)``.
    """
    return _first_component(activations, activations.sum(1))


def eigengradcam(activations: Tensor, gradients: Tensor) -> Tensor:
    """EigenGradCAM: EigenCAM of the product of gradients and activations, so that the map is a class's own.

    No paper of its own; defined by its implementation in pytorch-grad-cam, which centres the columns and leaves the
    sign to chance. Here nothing is centred, and the map goes along with the sum of g * A over the channels (that is
    HiResCAM), in the sense of ``eigencam``: where the evidence is against the class, it is negative.

    Cost: as ``eigencam``, and one backward pass. Unit: relative.

    Args:
        activations, gradients: ``(N, C, *grid)``.

    Returns: ``(N, *grid)``.
    """
    product = gradients * activations
    return _first_component(product, product.sum(1))


def _first_component(values: Tensor, like: Tensor) -> Tensor:
    """``values (N, C, *grid)`` on their first right singular vector, signed to go with ``like (N, *grid)``."""
    # squared in the Gram matrix: gradients would vanish, and in float32 half of the digits would go
    exact = torch.float32 if values.device.type == "mps" else torch.float64
    flat = values.flatten(2).to(exact)
    largest = flat.abs().amax((1, 2), keepdim=True)
    rows = flat / torch.where(largest > 0, largest, 1)
    if rows.shape[1] <= rows.shape[2]:
        _, vectors = torch.linalg.eigh(rows @ rows.transpose(1, 2))
        made = (vectors[:, :, -1:] * rows).sum(1)
    else:
        # A v_1 = s_1 u_1, and u_1 is the first eigenvector of the smaller A A^T
        found, vectors = torch.linalg.eigh(rows.transpose(1, 2) @ rows)
        made = vectors[:, :, -1] * found[:, -1:].clamp(min=0).sqrt()
    # rounding leaves something of a sum that is 0, as of what a norm over the channels returns
    noise = 8 * torch.finfo(values.dtype).eps * flat.abs().sum(1).norm(dim=1, keepdim=True)
    signed: Tensor = made * _sign(made, like.flatten(1).to(exact), noise) * largest[:, :, 0]
    return signed.to(values.dtype).reshape(like.shape)


def _sign(made: Tensor, like: Tensor, noise: Tensor) -> Tensor:
    """1 or -1 for each image, ``(N, 1)``, of maps ``(N, X)``; ``noise`` is how large a ``like`` of 0 may be."""
    together = (made * like).sum(1, keepdim=True)
    largest = made.gather(1, made.abs().argmax(1, keepdim=True))
    size = made.norm(dim=1, keepdim=True) * torch.maximum(noise, 1e-9 * like.norm(dim=1, keepdim=True))
    # a product of rounding's size is none
    chosen = torch.where(together.abs() > size, together, largest)
    return torch.where(chosen < 0, -1.0, 1.0).to(made.dtype)

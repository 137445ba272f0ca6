"""Problems NN720 and NN721: `weights` sections."""

from __future__ import annotations

from nndsl.problems.said import Said


class WeightsLine(Said):
    """A line of a `weights` section does not say how a param is made of the arrays of a file.

    Example:

        weights Small {
          Dense_1.kernal = "fc1.weight".T
        }

    On the left stands a param or state of the model (`nndsl summary` lists them), on the right an array of the file by
    its key, in quotes: as it is, with `.T`, `.permute(2, 3, 1, 0)` or `.reshape(3, 3, -1)`, rows of it (`"w"[:64]`),
    several (`concat("a", "b", axis=0)`, `stack("a", "b")`), or arithmetic on them.

    Cure:

        weights Small {
          Dense_1.kernel = "fc1.weight".T
        }
    """

    code = "NN720"
    title = "this line maps no weights"


class WeightsNotMapped(Said):
    """A file of weights does not have what a `weights` section asks of it, or the section leaves params out.

    Example:

        weights Small {
          Dense_1.kernel = "fc1.wieght".T
          Dense_1.bias = "fc1.bias"
          Dense_2.kernel = "fc2.weight".T
          Dense_2.bias = "fc2.bias"
        }
        >>> from safetensors.numpy import save_file
        >>> layers = {"fc1.weight": (16, 8), "fc1.bias": (16,), "fc2.weight": (3, 16), "fc2.bias": (3,)}
        >>> save_file({key: np.ones(shape, "float32") for key, shape in layers.items()}, "torch.safetensors")
        >>> model.load_weights("torch.safetensors")

    PyTorch has the kernel of a linear layer as [outputs, inputs], so it is turned round with `.T`. Nothing is loaded
    until all of it fits.

    Cure:

        weights Small {
          Dense_1.kernel = "fc1.weight".T
          Dense_1.bias = "fc1.bias"
          Dense_2.kernel = "fc2.weight".T
          Dense_2.bias = "fc2.bias"
        }
        >>> from safetensors.numpy import save_file
        >>> layers = {"fc1.weight": (16, 8), "fc1.bias": (16,), "fc2.weight": (3, 16), "fc2.bias": (3,)}
        >>> save_file({key: np.ones(shape, "float32") for key, shape in layers.items()}, "torch.safetensors")
        >>> model.load_weights("torch.safetensors")
    """

    code = "NN721"
    title = "the weights do not fit the weights section"


FAMILY = (WeightsLine, WeightsNotMapped)

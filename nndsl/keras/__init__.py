"""Models that Keras saved, as `.nn` text and safetensors: their JSON and weights are read, and nothing of them is run.

    archive ─ network ─▶ Network ─ writing (with layers, calls, arguments) ─▶ text, and where each param comes from
            ─ stores ─▶ arrays by the names of the text

`importing` is the way through. Keras itself is not needed; weights, which are HDF5, need the package h5py.
"""

from nndsl.keras.importing import Imported, import_model

__all__ = ["Imported", "import_model"]

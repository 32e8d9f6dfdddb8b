"""Files for encode.test: `write FOLDER NAME=v,v,v,...` makes int32 [2, n/2]; `compare HIDDEN OTHER POOLED` holds two runs together that
differ in what the mask hides."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Execution"))

from npy import read_npy, write_npy

if sys.argv[1] == "write":
    for argument in sys.argv[3:]:
        name, _, text = argument.partition("=")
        values = [int(value) for value in text.split(",")]
        write_npy(os.path.join(sys.argv[2], name + ".npy"), (2, len(values) // 2), values)
else:
    (shape, hidden), (_, other), (pooled, _) = map(read_npy, sys.argv[2:])
    seen = (shape[0] * shape[1] - 1) * shape[2]  # all but the last token
    equal = hidden[:seen] == other[:seen] and hidden[seen:] != other[seen:]
    print(f"hidden {shape}, pooled {pooled}, {'equal' if equal else 'different'} where tokens are seen")

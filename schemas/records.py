"""What every reader yields: one row per record of the input, failed or not."""

import pyarrow as pa

RECORDS = pa.schema(
    [
        pa.field("place", pa.int64()),  # byte offset of a line in the decoded file, or row number
        pa.field("row", pa.int64()),  # ordinal inside the slice, from 0
        pa.field("bytes", pa.int64()),  # size of the raw record
        pa.field("id", pa.string()),
        pa.field("text", pa.large_string()),
        pa.field("url", pa.string()),
        pa.field("created", pa.string()),
        pa.field("language", pa.string()),
        pa.field("license", pa.string()),
        pa.field("metadata", pa.string()),  # the other fields as a JSON object, keys sorted
        pa.field("error", pa.string()),  # why the record failed; its text is then null
    ]
)

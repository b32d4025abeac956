"""What every value on the wire between clients and a group is made from.

Law: frozen and strict; members come out in the order in which they are written here.
"""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def json_bytes(self, *, exclude_none: bool = False) -> bytes:
        """What `model_dump_json` writes, without the detours that it makes on its way."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=exclude_none)

"""``wasi:filesystem/preopens``: the directories that the program was granted."""

from __future__ import annotations

from remit.interfaces.wasi_0_2.filesystem import Filesystem, granted_directory
from remit.interfaces.wit.declaration import Interface, func

TYPE_CHECKING = False
if TYPE_CHECKING:
    from remit.interfaces.wasi_0_2.filesystem import Descriptor


class Preopens(Interface):
    name = "wasi:filesystem/preopens"
    version = "0.2.12"
    uses = {"descriptor": "wasi:filesystem/types"}

    @func("() -> list<tuple<descriptor, string>>")
    def get_directories(self) -> list[tuple[Descriptor, str]]:
        filesystem: Filesystem = self.host.interface(Filesystem)
        descriptors = self.process.descriptors
        found = []
        for number in descriptors:
            entry = descriptors.get(number)
            if entry.is_directory and entry.preopen is not None:
                found.append((granted_directory(filesystem, entry), entry.preopen))
        return found

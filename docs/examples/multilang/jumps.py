import multilang


class Jumps(multilang.Bolt):
    """Tells when a device's temperature jumps: in (device, celsius), out (device, jump)."""

    def initialize(self, conf, context):
        self.limit = conf["jumps.limit"]
        self.last = {}

    def process(self, tup):
        device, celsius = tup.values
        jump = abs(celsius - self.last.get(device, celsius))
        self.last[device] = celsius
        if jump > self.limit:
            self.log(f"device {device} jumps by {jump:.1f} degrees", "warn")
            self.emit([device, jump])


Jumps().run()

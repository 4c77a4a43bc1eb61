package bora.peers;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the process stood at one moment.
 *
 * @param cpu nanoseconds of the whole process: compiler and collector too
 */
record Sample(long time, long completed, long cpu) {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  static Sample now(long completed) {
    return new Sample(System.nanoTime(), completed, PROCESS.getProcessCpuTime());
  }

  static long peakMemoryBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
        }
      }
    } catch (IOException e) {
      // none known
    }
    return 0;
  }
}

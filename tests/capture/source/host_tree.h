// HostTree: a folder that looks like /sys and /proc of a host, for tests of what is read there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/base/temp_folder.h"

namespace tapiary::capture::test {

class HostTree {
 public:
  HostTree() {
    Folder("/sys/bus/pci/devices");
    Folder("/sys/class/net");
    Folder("/proc/net");
    Folder("/proc/self");
    Write("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3\n");
    Write("/proc/meminfo", "MemTotal:       8000000 kB\nMemAvailable:    4000000 kB\n");
  }
  [[nodiscard]] const std::string& root() const { return folder_.path(); }

  void Write(const std::string& path, const std::string& text) {
    Folder(std::filesystem::path(path).parent_path().string());
    folder_.File(path.substr(1), text);
  }
  // A network card at `address`; no driver when it is empty. An interface when named.
  void AddNic(const std::string& address, const std::string& driver, const std::string& interface,
              const std::string& group) {
    const std::string device = "/sys/devices/pci0000:00/" + address;
    Write(device + "/class", "0x020000\n");
    Write(device + "/vendor", "0x8086\n");
    Write(device + "/device", "0x1572\n");
    Link(device, "/sys/bus/pci/devices/" + address);
    SetDriver(address, driver);
    if (!group.empty()) AddToGroup(address, group);
    if (!interface.empty()) AddInterface(interface, device);
  }
  void SetDriver(const std::string& address, const std::string& driver) {
    const std::string link = root() + "/sys/devices/pci0000:00/" + address + "/driver";
    std::filesystem::remove(link);
    if (driver.empty()) return;
    Folder("/sys/bus/pci/drivers/" + driver);
    std::filesystem::create_symlink(root() + "/sys/bus/pci/drivers/" + driver, link);
  }
  void AddToGroup(const std::string& address, const std::string& group) {
    const std::string folder = "/sys/kernel/iommu_groups/" + group;
    Folder(folder + "/devices");
    Link("/sys/devices/pci0000:00/" + address, folder + "/devices/" + address);
    Link(folder, "/sys/devices/pci0000:00/" + address + "/iommu_group");
  }
  // `device` may be empty: a virtual interface.
  void AddInterface(const std::string& name, const std::string& device) {
    Write("/sys/class/net/" + name + "/operstate", "up\n");
    Write("/sys/class/net/" + name + "/mtu", "1500\n");
    if (!device.empty()) Link(device, "/sys/class/net/" + name + "/device");
  }
  void Stack(const std::string& lower, const std::string& upper) {
    Link("/sys/class/net/" + upper, "/sys/class/net/" + lower + "/upper_" + upper);
  }
  // Lines as in /proc/net/route: interface, destination and mask as little-endian hexadecimal.
  void Routes(const std::vector<std::vector<std::string>>& routes) {
    std::string text = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\n";
    for (const auto& route : routes) {
      text += route[0] + "\t" + route[1] + "\t00000000\t0001\t0\t0\t0\t" + route[2] + "\t0\t0\t0\n";
    }
    Write("/proc/net/route", text);
  }
  void HugePages(const std::string& kind, int free) {
    Write("/sys/kernel/mm/hugepages/" + kind + "/free_hugepages", std::to_string(free) + "\n");
  }

 private:
  void Folder(const std::string& path) { std::filesystem::create_directories(root() + path); }
  void Link(const std::string& to, const std::string& from) {
    std::filesystem::create_directory_symlink(root() + to, root() + from);
  }
  base::TempFolder folder_;
};

}  // namespace tapiary::capture::test

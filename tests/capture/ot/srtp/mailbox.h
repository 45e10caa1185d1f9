// Box: makes GE SRTP messages for tests, byte by byte as message.h describes them.
#pragma once

#include <cstdint>
#include <vector>

namespace tapiary::capture::srtp::test {

class Box {
 public:
  Box() : bytes_(56, 0) {}
  Box& Set(std::size_t at, std::uint8_t value) {
    bytes_[at] = value;
    return *this;
  }
  Box& Sequence(std::uint8_t number) { return Set(2, number).Set(30, number); }
  // Services with parameters in the mailbox; `at`: where they begin.
  Box& Request(std::uint8_t service, std::uint8_t selector, std::uint16_t offset,
               std::uint16_t length, std::size_t at = 42) {
    Common(2, 0xc0).Set(36, 0x10).Set(37, 0x0e);
    Set(at, service).Set(at + 1, selector);
    Set(at + 2, Low(offset)).Set(at + 3, High(offset));
    return Set(at + 4, Low(length)).Set(at + 5, High(length));
  }
  Box& LongRequest(std::uint8_t service, std::uint8_t selector, std::uint16_t offset,
                   std::uint16_t length, const std::vector<std::uint8_t>& data) {
    return Request(service, selector, offset, length, 50).Set(31, 0x80).Data(data);
  }
  Box& Ack(const std::vector<std::uint8_t>& data = {}) {
    Common(3, 0xd4);
    for (std::size_t i = 0; i < data.size() && i < 6; ++i) Set(44 + i, data[i]);
    return *this;
  }
  Box& LongAck(const std::vector<std::uint8_t>& data) { return Common(3, 0x94).Data(data); }
  Box& Error(std::uint8_t major, std::uint8_t minor) {
    return Common(3, 0xd1).Set(42, major).Set(43, minor);
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  static std::uint8_t Low(std::uint16_t number) { return static_cast<std::uint8_t>(number & 0xff); }
  static std::uint8_t High(std::uint16_t number) { return static_cast<std::uint8_t>(number >> 8); }
  Box& Common(std::uint8_t type, std::uint8_t mailbox) {
    return Set(0, type).Set(9, 1).Set(17, 1).Set(31, mailbox).Set(40, 1).Set(41, 1);
  }
  Box& Data(const std::vector<std::uint8_t>& data) {
    Set(4, static_cast<std::uint8_t>(data.size()));
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    return *this;
  }
  std::vector<std::uint8_t> bytes_;
};

}  // namespace tapiary::capture::srtp::test

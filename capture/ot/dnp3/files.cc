#include "capture/ot/dnp3/files.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/dnp3/functions.h"

namespace tapiary::capture::dnp3 {
namespace {

class FileDetails {
 public:
  FileDetails(bool response, Transaction& out) : response_(response), out_(out) {}
  void Number(std::string_view key, std::uint64_t value) { AddNumber(out_, Key(key), value); }
  void Text(std::string_view key, base::Bytes bytes) {
    if (!bytes.empty()) AddDetail(out_, Key(key), base::AsText(bytes));
  }
  void Status(std::uint8_t status) {
    const std::string_view name = FileStatusName(status);
    if (name.empty()) return Number("file_status", status);
    AddDetail(out_, Key("file_status"), name);
    if (status != 0) {
      out_.status = TransactionStatus::kException;
      out_.exception = status;
    }
  }

 private:
  [[nodiscard]] std::string Key(std::string_view key) const {
    return response_ ? "response_" + std::string(key) : std::string(key);
  }
  bool response_;
  Transaction& out_;
};

// A text that an offset and a size of the object point at.
base::Bytes At(base::Bytes object, std::size_t offset, std::size_t size) {
  if (offset > object.size()) return {};
  return object.subspan(offset, std::min(size, object.size() - offset));
}

void Authentication(base::Bytes object, FileDetails& details) {
  base::ByteCursor cursor(object);
  const std::size_t offset = cursor.U16Le();
  const std::size_t size = cursor.U16Le();
  details.Text("file_user", At(object, offset, size));
}

void Command(base::Bytes object, FileDetails& details) {
  base::ByteCursor cursor(object);
  const std::size_t offset = cursor.U16Le();
  const std::size_t size = cursor.U16Le();
  cursor.Skip(6 + 2 + 4);  // creation time, permissions, authentication key
  const std::uint32_t bytes = cursor.U32Le();
  const std::uint16_t mode = cursor.U16Le();
  details.Text("file_name", At(object, offset, size));
  if (cursor.failed()) return;
  details.Number("file_size", bytes);
  details.Number("file_mode", mode);  // 1 read, 2 write, 3 append
}

void CommandStatus(base::Bytes object, FileDetails& details) {
  base::ByteCursor cursor(object);
  const std::uint32_t handle = cursor.U32Le();
  const std::uint32_t size = cursor.U32Le();
  cursor.Skip(2 + 2);  // block size, request id
  const std::uint8_t status = cursor.U8();
  if (cursor.failed()) return;
  details.Number("file_handle", handle);
  details.Number("file_size", size);
  details.Status(status);
}

void TransportBlock(base::Bytes object, FileDetails& details) {
  base::ByteCursor cursor(object);
  const std::uint32_t handle = cursor.U32Le();
  const std::uint32_t block = cursor.U32Le();
  if (cursor.failed()) return;
  details.Number("file_handle", handle);
  details.Number("file_block", block & 0x7fffffff);
  if ((block >> 31) != 0) details.Number("file_last_block", 1);
  details.Number("file_bytes", cursor.remaining());
}

void TransportStatus(base::Bytes object, FileDetails& details) {
  base::ByteCursor cursor(object);
  const std::uint32_t handle = cursor.U32Le();
  const std::uint32_t block = cursor.U32Le();
  const std::uint8_t status = cursor.U8();
  if (cursor.failed()) return;
  details.Number("file_handle", handle);
  details.Number("file_block", block & 0x7fffffff);
  details.Status(status);
}

void Descriptor(base::Bytes object, FileDetails& details) {
  base::ByteCursor cursor(object);
  const std::size_t offset = cursor.U16Le();
  const std::size_t size = cursor.U16Le();
  cursor.Skip(2);  // file or folder
  const std::uint32_t bytes = cursor.U32Le();
  details.Text("file_name", At(object, offset, size));
  if (!cursor.failed()) details.Number("file_size", bytes);
}

}  // namespace

void DecodeFile(const ObjectHeader& header, bool response, Transaction& out) {
  if (header.size_bytes == 0) return;
  FileDetails details(response, out);
  ObjectWalk walk(header);
  Object object;
  if (!walk.Next(object)) return;  // one file a message
  switch (header.variation) {
    case 2:
      return Authentication(object.bytes, details);
    case 3:
      return Command(object.bytes, details);
    case 4:
      return CommandStatus(object.bytes, details);
    case 5:
      return TransportBlock(object.bytes, details);
    case 6:
      return TransportStatus(object.bytes, details);
    case 7:
      return Descriptor(object.bytes, details);
    case 8:
      return details.Text("file_name", object.bytes);
    default:
      return;
  }
}

}  // namespace tapiary::capture::dnp3

// JsonWriter: appends one JSON value to a string, members in the order of the calls.
//
// Text may be any bytes: it is escaped with base::EscapeBytes first, so the result is always valid
// UTF-8 on one line (CO-02). Used by record_json.cc and the command line. One owner, no thread
// rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapiary::capture {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  // In an object, Key comes before each value; commas are put by the writer.
  void Key(std::string_view key);
  void Text(std::string_view bytes);
  void Number(std::uint64_t value);
  void Signed(std::int64_t value);
  void Flag(bool value);
  void Null();
  // RFC 3339 with nanoseconds; null for kTimeUnknown.
  void Time(std::int64_t time_ns);
  // Nanoseconds as seconds with nine digits: 1500000 is 0.001500000.
  void Seconds(std::int64_t nanoseconds);
  void BeginObject() { Begin('{'); }
  void EndObject() { End('}'); }
  void BeginArray() { Begin('['); }
  void EndArray() { End(']'); }

  // Shorthands: key and value.
  void Text(std::string_view key, std::string_view bytes) { Key(key), Text(bytes); }
  void TextOrNull(std::string_view key, std::string_view bytes);  // null when empty
  void Number(std::string_view key, std::uint64_t value) { Key(key), Number(value); }

 private:
  void Begin(char bracket);
  void End(char bracket);
  void Value();  // before each value: the comma, when one is due

  std::string& out_;
  bool comma_ = false;
};

}  // namespace tapiary::capture

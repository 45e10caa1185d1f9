// JsonWriter: appends one JSON value to a string, members in the order of the calls.
//
// Text may be any bytes: it is escaped with base::EscapeBytes first, so the result is always valid
// UTF-8 on one line (CO-02). Used by record_json.cc and the command line. One owner, no thread
// rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace tapiary::capture {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  // In an object, Key comes before each value; commas are put by the writer.
  void Key(std::string_view key);
  // One of our own, given as a literal, has nothing to escape.
  template <std::size_t N>
  void Key(const char (&literal)[N]);
  template <std::size_t N>
  void Key(char (&buffer)[N]) = delete;
  void Text(std::string_view bytes);
  // Text of letters, digits and signs that nothing has to escape: our own words, addresses.
  void Plain(std::string_view ascii);
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
  template <class K>
  void Text(const K& key, std::string_view bytes) {
    Key(key), Text(bytes);
  }
  template <class K>
  void TextOrNull(const K& key, std::string_view bytes) {  // null when empty
    Key(key);
    bytes.empty() ? Null() : Text(bytes);
  }
  template <class K>
  void Plain(const K& key, std::string_view ascii) {
    Key(key), Plain(ascii);
  }
  template <class K>
  void Number(const K& key, std::uint64_t value) {
    Key(key), Number(value);
  }

 private:
  void Begin(char bracket);
  void End(char bracket);
  void Quote(std::string_view ascii);
  void Value();  // before each value: the comma, when one is due

  std::string& out_;
  bool comma_ = false;
};

template <std::size_t N>
void JsonWriter::Key(const char (&literal)[N]) {
  char text[N + 3];  // ,"literal":
  text[0] = ',';
  text[1] = '"';
  std::memcpy(text + 2, literal, N - 1);
  text[N + 1] = '"';
  text[N + 2] = ':';
  const std::size_t from = comma_ ? 0 : 1;
  out_.append(text + from, sizeof text - from);
  comma_ = false;
}

}  // namespace tapiary::capture

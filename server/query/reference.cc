#include "server/query/reference.h"

#include <fmt/core.h>

#include "capture/json_writer.h"
#include "server/query/filter.h"
#include "server/query/sql.h"

namespace tapiary::server {
namespace {

constexpr const char* kIntroduction = R"md(# Filter reference

Made from the field table (`server/query/field.cc`); a test compares. To renew it:
`TAPIARY_UPDATE_DOCS=1 server_query_test --gtest_filter=FilterReference.*`.

The page, the API (`filter=`) and the command line take the same language, in Wireshark's syntax:

```
ip.addr == 10.0.0.0/8 && tcp.port == 502
modbus.func_code in {5, 6, 15..16} && !(sensor == "plant-a")
command && frame.time >= "2026-11-01"
service == "modbus" || flow.bytes > 1M
http.uri matches r"\.(sh|cgi)$" && frame.time >= -1h
```

| to say | write |
|---|---|
| equal, not equal | `==` `eq`, `!=` `ne` |
| order (numbers, sizes, durations, times, addresses) | `<` `lt`, `<=` `le`, `>` `gt`, `>=` `ge` |
| one of | `in {1, 2, 5..8}`; ranges include both ends |
| part of a text | `contains`; case counts, there are no wildcards |
| a regular expression | `matches` `~`; see below |
| bits of a number | `ot.code & 0x80`, or `ot.code & 0x0f == 3`; `&` `bitand` |
| and, or, not | `&&` `and`, `\|\|` `or`, `!` `not`; and binds closer than or |
| the field is there, and is not empty | its name alone |

- **Several values.** `ip.addr`, `tcp.port`, `vlan.id` and others can have several values in one flow.
  `==` is true when any is equal; `!=` is true when there is a value and all differ, as in Wireshark 4.
- **A field that is not there** makes every test of it false, also `!=`. Write `!(tcp.port == 502)` for
  "not port 502, whatever it is". The answer's `fields_not_here` names fields that the table has not got.
- **Flows and transactions know each other's fields.** A flow matches `modbus.func_code == 6` when any of
  its transactions does; each test looks for a transaction of its own.
- **Ends.** `ip.src` and `tcp.srcport` are the originator's, for both directions of a flow.
- **Networks**: `10.0.0.0/8`, `2001:db8::/32`. IPv4 addresses lie inside `::ffff:0:0/96`, so inside `::/0`.
- **Texts** in double quotes with `\"`, `\\`, `\n`, `\r`, `\t`, `\xNN`. Bytes that are no text are found by
  `\xNN`. A single plain word needs no quotes.
  `r"..."` keeps its backslashes, for regular expressions.
- **Regular expressions** are RE2's: `.` `[...]` `\d \w \s \b` `|` `(...)` `* + ? {2,5}` `^` `$`, found anywhere
  in the text. Case does not count, for a to z, unless the expression begins with `(?-i)`. There are no back
  references, look-arounds or `\p`. `\\` finds a backslash and `\x00` a NUL byte. At most 512 bytes, and 1000
  elements when repetitions are written out.
- **Sizes** take `k`, `M`, `G`, `T` (powers of 1024) or `kB`, `MB` ... (powers of 1000). **Durations** take
  `us`, `ms`, `s`, `m` or `min`, `h`, `d`. **Times** are UTC unless they carry an offset; `now`, `-1h` and `now-1h`
  are counted from when the filter is read.
- **Limits**: 4096 bytes, 32 levels of nesting, 256 terms.
- **Downloads.** With only fields marked "packets", `/api/v1/pcap` looks at every stored packet of the
  window, so it is complete even where flow records are missing. Any other field selects flows, and the
  download has the packets of those flows, both directions.

)md";

constexpr FilterTable kTables[] = {FilterTable::kFlows, FilterTable::kTransactions,
                                   FilterTable::kEvents};

std::string TablesOf(const FilterField& field) {
  if (!field.means.empty()) return fmt::format("short for `{}`", field.means);
  std::string text;
  for (const auto table : kTables) {
    if (SqlOf(field, table).absent()) continue;
    text += (text.empty() ? "" : ", ") + std::string(ToString(table));
  }
  if (field.packet != PacketField::kNone) text += ", packets";
  return text;
}

// The tables that can be grouped by it; "all" that have it.
std::string TopOf(const FilterField& field) {
  std::string text;
  bool all = true;
  for (const auto table : kTables) {
    if (SqlOf(field, table).absent()) continue;
    const bool can = CanGroupBy(field, table);
    all = all && can;
    if (can) text += (text.empty() ? "" : ", ") + std::string(ToString(table));
  }
  return all && !text.empty() ? "all" : text;
}

bool OnPackets(const FilterField& field) {
  if (field.means.empty()) return field.packet != PacketField::kNone;
  const auto filter = Filter::Parse(field.means);
  return filter && filter->packets_suffice();
}

}  // namespace

std::string FilterReferenceMarkdown() {
  std::string text = kIntroduction;
  text +=
      "## Fields\n`top` (docs/api.md) groups rows of the tables named so by the field; `all`: of "
      "each that has it.\n\n";
  text += "| field | also | type | in | top | |\n|---|---|---|---|---|---|\n";
  for (const FilterField& field : FilterFields()) {
    std::string aliases(field.aliases);
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.name, aliases,
                        ToString(field.type), TablesOf(field), TopOf(field), field.sentence);
  }
  text += "\n## Values\n| type | value |\n|---|---|\n";
  for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(FieldType::kFlowId); ++i) {
    const auto type = static_cast<FieldType>(i);
    text += fmt::format("| {} | {} |\n", ToString(type), ExpectedValue(type));
  }
  return text;
}

std::string FilterFieldsJson() {
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Key("fields");
  json.BeginArray();
  for (const FilterField& field : FilterFields()) {
    json.BeginObject();
    json.Text("name", field.name);
    json.TextOrNull("aliases", field.aliases);
    json.Text("type", ToString(field.type));
    json.Text("value", ExpectedValue(field.type));
    json.Key("tables");
    json.BeginArray();
    for (const auto table : kTables) {
      if (!SqlOf(field, table).absent()) json.Text(ToString(table));
    }
    json.EndArray();
    json.Key("top");
    json.BeginArray();
    for (const auto table : kTables) {
      if (CanGroupBy(field, table)) json.Text(ToString(table));
    }
    json.EndArray();
    json.Key("packets");
    json.Flag(OnPackets(field));
    json.TextOrNull("means", field.means);
    json.Text("sentence", field.sentence);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

}  // namespace tapiary::server

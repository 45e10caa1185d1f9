#include "cli/aligned_text.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/byte_cursor.h"
#include "base/text.h"

namespace tapiary::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kIndent = 4;
constexpr std::size_t kMinLine = 20;  // a narrower terminal is one that wraps
constexpr std::string_view kEllipsis = "\u2026";

// The character that valid UTF-8 begins with, and its size.
struct Character {
  char32_t value = 0;
  std::size_t size = 1;
};

Character First(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned lead = at(0);
  const std::size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t value = size == 1 ? lead : lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) value = value << 6 | (at(i) & 0x3f);
  return {value, std::min(size, text.size())};
}

bool In(char32_t value, char32_t first, char32_t last) {
  return value >= first && value <= last;
}

// Characters that take two columns: East Asian scripts and pictures.
bool IsWide(char32_t c) {
  return In(c, 0x1100, 0x115f) || In(c, 0x2e80, 0xa4cf) || In(c, 0xac00, 0xd7a3) ||
         In(c, 0xf900, 0xfaff) || In(c, 0xfe30, 0xfe6f) || In(c, 0xff00, 0xff60) ||
         In(c, 0xffe0, 0xffe6) || In(c, 0x1f300, 0x1faff) || In(c, 0x20000, 0x3ffff);
}

// Looks like a space or like nothing, and is no ASCII space.
bool IsOtherSpace(char32_t c) {
  return c == 0xa0 || c == 0xad || c == 0x1680 || c == 0x180e || In(c, 0x2000, 0x200f) ||
         c == 0x202f || In(c, 0x205f, 0x2064) || c == 0x2800 || c == 0x3000 || c == 0x3164 ||
         c == 0xfeff || c == 0xffa0;
}

std::size_t Width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = First(text);
    width += IsWide(character.value) ? 2 : 1;
    text.remove_prefix(character.size);
  }
  return width;
}

// `text` in at most `limit` columns.
std::string Cut(const std::string& text, std::size_t limit) {
  if (Width(text) <= limit) return text;
  std::size_t width = 1, end = 0;  // the ellipsis
  while (end < text.size()) {
    const Character character = First(std::string_view(text).substr(end));
    width += IsWide(character.value) ? 2 : 1;
    if (width > limit) break;
    end += character.size;
  }
  return text.substr(0, end).append(kEllipsis);
}

void AppendEscaped(std::string& out, std::string_view bytes) {
  for (const std::uint8_t byte : base::AsBytes(bytes)) out += "\\x" + base::ToHex({&byte, 1});
}

// The columns that begin a line: the first, and each that does not fit behind those before it.
std::vector<bool> LineBegins(const std::vector<std::size_t>& widths, std::size_t line_width) {
  std::vector<bool> begins(widths.size(), false);
  std::size_t used = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::size_t room = line_width - std::min(line_width, used + kGap);
    const bool last = i + 1 == widths.size();
    // The last column may be cut, but not to a stump.
    const bool fits = widths[i] <= room || (last && room >= line_width / 2);
    begins[i] = i == 0 || !fits;
    used = begins[i] ? (i == 0 ? 0 : kIndent) + widths[i] : used + kGap + widths[i];
  }
  return begins;
}

std::size_t LimitOf(std::size_t column, std::size_t columns, const TextLayout& layout) {
  const std::size_t line =
      layout.line_width == SIZE_MAX ? SIZE_MAX : std::max(layout.line_width, kMinLine) - kIndent;
  const bool free = column == 0 || column + 1 == columns;
  return free ? line : std::min(line, layout.cell_width);
}

}  // namespace

std::string CellText(std::string_view text) {
  const std::string escaped = base::EscapeBytes(text);
  std::string_view rest = escaped;
  std::string out;
  bool after_space = true;
  while (!rest.empty()) {
    const Character character = First(rest);
    const std::string_view bytes = rest.substr(0, character.size);
    const bool space = bytes == " ";
    if (IsOtherSpace(character.value) || (space && (after_space || rest.size() == 1))) {
      AppendEscaped(out, bytes);
    } else {
      out += bytes;
    }
    after_space = space;
    rest.remove_prefix(character.size);
  }
  return out;
}

std::string AlignedText(std::vector<std::vector<std::string>> lines, const TextLayout& layout) {
  if (lines.empty()) return {};
  const std::size_t columns = lines[0].size();
  std::vector<std::size_t> widths(columns, 0);
  for (auto& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) {
      line[i] = Cut(line[i], LimitOf(i, columns, layout));
      widths[i] = std::max(widths[i], Width(line[i]));
    }
  }
  const std::vector<bool> begins = LineBegins(widths, std::max(layout.line_width, kMinLine));
  std::string out;
  for (const auto& line : lines) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < columns; ++i) {
      if (i > 0 && begins[i]) out.append(1, '\n').append(used = kIndent, ' ');
      const bool line_ends = i + 1 == columns || begins[i + 1];
      // Only the last column can be too long for what is left.
      const std::string cell = i + 1 == columns && layout.line_width != SIZE_MAX
                                   ? Cut(line[i], std::max(layout.line_width, kMinLine) - used)
                                   : line[i];
      out += cell;
      if (!line_ends) out.append(widths[i] - Width(cell) + kGap, ' ');
      used += widths[i] + kGap;
    }
    out += '\n';
  }
  return out;
}

std::size_t TerminalWidth(std::FILE* out) {
  std::size_t width = 0;
  if (const char* const text = std::getenv("COLUMNS")) {
    const std::string_view digits(text);
    std::from_chars(digits.data(), digits.data() + digits.size(), width);
    if (width != 0) return width;
  }
  winsize size{};
  const int fd = fileno(out);
  if (fd < 0 || isatty(fd) == 0 || ioctl(fd, TIOCGWINSZ, &size) != 0) return SIZE_MAX;
  return size.ws_col == 0 ? SIZE_MAX : size.ws_col;
}

}  // namespace tapiary::cli

#include "server/query/pattern.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.h"
#include "server/query/pattern_set.h"

namespace tapiary::server {
namespace {

constexpr int kMaxCount = 255;  // PostgreSQL's
constexpr std::pair<const char*, const char*> kAnchors[] = {
    {"A", "^"}, {"z", "$"}, {"b", "\\b"}, {"B", "\\B"}};
constexpr char32_t kMaxCodePoint = 0x10ffff;

// A part of the pattern in the common form.
struct Piece {
  std::string text{};
  std::size_t size = 0;
  bool single = true;     // binds as one: a counter may follow
  bool countable = true;  // not ^, $ or \b
};

// Recursive descent; every recursion goes through Group, which counts depth.
class Rewriter {
 public:
  Rewriter(std::string_view text, PatternError* error) : text_(text), error_(*error) {}

  bool Run(std::string* common) {
    if (text_.size() > kMaxPatternBytes) {
      return Fail(kMaxPatternBytes,
                  "it is longer than " + std::to_string(kMaxPatternBytes) + " bytes");
    }
    if (text_.starts_with("(?i)")) at_ = 4;
    if (text_.starts_with("(?-i)")) at_ = 5, fold_ = false;
    Piece piece;
    if (!Choice(&piece)) return false;
    if (at_ != text_.size()) return Fail(at_, "a ) without its (");
    *common = std::move(piece.text);
    return true;
  }

 private:
  bool Fail(std::size_t position, std::string message) {
    error_ = {position, std::move(message)};
    return false;
  }
  [[nodiscard]] bool AtEnd() const { return at_ == text_.size(); }
  [[nodiscard]] bool Sees(std::string_view what) const {
    return text_.substr(at_).starts_with(what);
  }
  bool Skip(std::string_view what) {
    if (!Sees(what)) return false;
    at_ += what.size();
    return true;
  }
  bool Grow(Piece* piece, std::size_t by) {
    piece->size += by;
    if (piece->size <= kMaxPatternSize) return true;
    return Fail(at_, "it is too large when its repetitions are written out; at most " +
                         std::to_string(kMaxPatternSize) + " elements are allowed");
  }

  bool Choice(Piece* out) {
    Piece all;
    do {
      Piece branch;
      if (!Sequence(&branch) || !Grow(&all, branch.size + 1)) return false;
      // An empty branch is written so that both engines take it.
      all.text += (all.text.empty() ? "" : "|") + (branch.text.empty() ? "(?:)" : branch.text);
    } while (Skip("|"));
    all.single = false;
    *out = std::move(all);
    return true;
  }

  bool Sequence(Piece* out) {
    while (!AtEnd() && !Sees("|") && !Sees(")")) {
      Piece piece;
      if (!Element(&piece) || !Counters(&piece) || !Grow(out, piece.size)) return false;
      out->text += piece.text;
    }
    return true;
  }

  // One counter, greedy or not: what is found is the same.
  bool Counters(Piece* piece) {
    const std::size_t begin = at_;
    std::string counter;
    std::size_t times = 1;
    if (!Counter(&counter, &times)) return false;
    if (counter.empty()) return true;
    if (!piece->countable) return Fail(begin, "nothing to repeat before this");
    Skip("?");
    std::size_t unused = 0;
    const std::size_t second = at_;
    std::string again;
    if (!Counter(&again, &unused)) return false;
    if (!again.empty()) return Fail(second, "a repetition of a repetition; use a group");
    if (piece->size * times > kMaxPatternSize) return Grow(piece, piece->size * times);
    piece->size *= times;
    piece->text = (piece->single ? piece->text : "(?:" + piece->text + ")") + counter;
    piece->single = false;
    return true;
  }

  bool Counter(std::string* counter, std::size_t* times) {
    for (const char* simple : {"*", "+", "?"}) {
      if (!Skip(simple)) continue;
      *counter = simple;
      return true;
    }
    if (!Sees("{")) return true;
    const std::size_t end = text_.find('}', at_);
    if (end == text_.npos) return true;  // a brace like any other text
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    const std::size_t comma = std::min(inside.find(','), inside.size());
    const auto low = Count(inside.substr(0, comma));
    const bool open = comma + 1 == inside.size();
    const auto high = comma == inside.size() || open ? low : Count(inside.substr(comma + 1));
    if (!low || !high) return true;
    if (*low > *high || *high > kMaxCount) {
      return Fail(at_, "a repetition goes from a smaller to a larger number, at most " +
                           std::to_string(kMaxCount));
    }
    at_ = end + 1;
    *counter = "{" + std::string(inside) + "}";
    *times = static_cast<std::size_t>(std::max(1, *high + (open ? 1 : 0)));
    return true;
  }

  static std::optional<int> Count(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || text.size() > 4 || text[0] == '-' || end != text.data() + text.size() ||
        error != std::errc()) {
      return std::nullopt;
    }
    return value;
  }

  bool Element(Piece* out) {
    out->size = 1;
    if (Skip("(")) return Group(out);
    if (Skip("[")) return Set(out);
    if (Sees("*") || Sees("+") || Sees("?")) return Fail(at_, "nothing to repeat before this");
    if (Skip(".")) {
      out->text = ".";
      return true;
    }
    if (Sees("^") || Sees("$")) {
      *out = {.text = std::string(1, text_[at_++]), .size = 1, .countable = false};
      return true;
    }
    if (Skip("\\")) return Escape(out);
    return Literal(out);
  }

  bool Group(Piece* out) {
    const std::size_t begin = at_ - 1;
    if (++depth_ > kMaxPatternDepth) {
      return Fail(begin, "nested too deeply: at most " + std::to_string(kMaxPatternDepth) +
                             " levels are allowed");
    }
    if (!GroupHead(begin)) return false;
    Piece inside;
    if (!Choice(&inside)) return false;
    if (!Skip(")")) return Fail(begin, "a ( without its )");
    --depth_;
    *out = {.text = "(?:" + inside.text + ")", .size = inside.size};
    return true;
  }

  bool GroupHead(std::size_t begin) {
    if (!Sees("?") || Skip("?:")) return true;
    if (Skip("?P<") || (!Sees("?<=") && !Sees("?<!") && Skip("?<"))) {  // a name is not needed
      const std::size_t end = text_.find('>', at_);
      if (end == text_.npos) return Fail(begin, "the group's name does not end");
      at_ = end + 1;
      return true;
    }
    if (Sees("?i") || Sees("?-i")) {
      return Fail(begin, "(?i) and (?-i) stand at the pattern's beginning");
    }
    return Fail(begin, "this kind of group is not supported");
  }

  bool Set(Piece* out) {
    const std::size_t begin = at_ - 1;
    const bool negated = Skip("^");
    PatternSet set;
    for (bool first = true; first || !Sees("]"); first = false) {
      if (AtEnd()) return Fail(begin, "a [ without its ]");
      if (!Member(&set)) return false;
    }
    ++at_;
    if (fold_) set.Fold();
    if (negated) set.Negate();
    out->text = set.ToString();
    return true;
  }

  bool Member(PatternSet* set) {
    const std::size_t begin = at_;
    if (Skip("[:")) {
      const std::size_t end = text_.find(":]", at_);
      const bool negated = Skip("^");
      PatternSet named;
      if (end == text_.npos || end < at_ ||
          !PatternSet::Named(text_.substr(at_, end - at_), &named) || end - at_ == 1) {
        return Fail(begin, "no class of characters has this name");
      }
      if (negated) named.Negate();
      set->Add(named);
      at_ = end + 2;
      return true;
    }
    if (NamedEscape(set)) return true;
    char32_t low = 0;
    if (!SetChar(&low)) return false;
    char32_t high = low;
    if (Sees("-") && !Sees("-]")) {
      ++at_;
      if (AtEnd() || !SetChar(&high))
        return AtEnd() ? Fail(begin, "a range without its end") : false;
    }
    if (low > high) return Fail(begin, "a range from a larger to a smaller character");
    set->Add(low, high);
    return true;
  }

  // \d \w \s and their opposites.
  bool NamedEscape(PatternSet* set) {
    if (!Sees("\\") || at_ + 1 >= text_.size()) return false;
    const char letter = text_[at_ + 1];
    if (std::string_view("dDwWsS").find(letter) == std::string_view::npos) return false;
    const char lower = static_cast<char>(letter | 0x20);
    at_ += 2;
    PatternSet named;
    PatternSet::Named(std::string_view(&lower, 1), &named);
    if (letter != lower) named.Negate();
    set->Add(named);
    return true;
  }

  bool SetChar(char32_t* c) {
    bool byte = false;
    if (!Skip("\\")) return CodePoint(c);
    if (!CharEscape(c, &byte)) return false;
    if (byte) return Fail(at_, "a byte above 7f cannot stand in a set");
    return true;
  }

  bool Escape(Piece* out) {
    --at_;
    PatternSet set;
    if (NamedEscape(&set)) {
      out->text = set.ToString();
      return true;
    }
    ++at_;
    for (const auto& [from, to] : kAnchors) {
      if (!Skip(from)) continue;
      *out = {.text = to, .size = 1, .countable = false};
      return true;
    }
    char32_t c = 0;
    bool byte = false;
    if (!CharEscape(&c, &byte)) return false;
    std::string raw = byte ? std::string(1, static_cast<char>(c)) : PatternUtf8(c);
    return Put(raw, out);
  }

  // Behind the backslash. *byte: one of 80 to ff that is a byte, not a code point.
  bool CharEscape(char32_t* c, bool* byte) {
    constexpr std::string_view kLetters = "nrtfva";
    constexpr std::string_view kMeaning = "\n\r\t\f\v\a";
    if (AtEnd()) return Fail(at_ - 1, "a backslash at the end");
    const char letter = text_[at_++];
    if (const std::size_t found = kLetters.find(letter); found != kLetters.npos) {
      *c = static_cast<unsigned char>(kMeaning[found]);
      return true;
    }
    if (letter == 'x') return Hexadecimal(c, byte);
    const auto code = static_cast<unsigned char>(letter);
    if (letter >= '1' && letter <= '9') return Fail(at_ - 2, "back references are not supported");
    if (code >= 0x80 || std::isalnum(code) != 0) return Fail(at_ - 2, "no such escape");
    *c = code;
    return true;
  }

  bool Hexadecimal(char32_t* c, bool* byte) {
    const std::size_t begin = at_ - 2;
    std::string_view digits = text_.substr(at_, 2);
    if (Skip("{")) {
      const std::size_t end = std::min(text_.find('}', at_), text_.size());
      digits = text_.substr(at_, end - at_);
      at_ = std::min(end + 1, text_.size());
    } else {
      at_ += digits.size();
      *byte = true;
    }
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.empty() || (*byte && digits.size() != 2) || error != std::errc() ||
        end != digits.data() + digits.size() || value > kMaxCodePoint ||
        (value >= 0xd800 && value <= 0xdfff)) {
      return Fail(begin, "\\x is followed by two hexadecimal digits or {digits} of a code point");
    }
    *c = value;
    *byte = *byte && value >= 0x80;
    return true;
  }

  bool CodePoint(char32_t* c) {
    const auto first = static_cast<unsigned char>(text_[at_]);
    const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const std::string_view bytes = text_.substr(at_, size);
    if (!base::IsValidUtf8(bytes)) return Fail(at_, "not UTF-8; bytes are written as \\xNN");
    constexpr unsigned char kMasks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    char32_t value = first & kMasks[size];
    for (std::size_t i = 1; i < bytes.size(); ++i) {
      value = (value << 6) | (static_cast<unsigned char>(bytes[i]) & 0x3fu);
    }
    at_ += bytes.size();
    *c = value;
    return true;
  }

  bool Literal(Piece* out) {
    char32_t c = 0;
    return CodePoint(&c) && Put(PatternUtf8(c), out);
  }

  bool Put(std::string_view raw, Piece* out) {
    const std::string stored = base::EscapeBytes(raw);
    const bool escaped = stored != raw;
    out->text = QuotePatternText(stored, fold_ && !escaped);
    out->single = !escaped;
    out->size = stored.size();
    return true;
  }

  std::string_view text_;
  PatternError& error_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool fold_ = true;
};

}  // namespace

bool RewritePattern(std::string_view text, std::string* common, PatternError* error) {
  return Rewriter(text, error).Run(common);
}

}  // namespace tapiary::server

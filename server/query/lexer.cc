#include "server/query/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"

namespace tapiary::server {
namespace {

struct Symbol {
  std::string_view text;
  FilterTokenKind kind;
  FilterOp op = FilterOp::kPresent;
};

// Longest first, so that "<=" is not read as "<".
constexpr std::array kSymbols = {
    Symbol{"==", FilterTokenKind::kCompare, FilterOp::kEqual},
    Symbol{"!=", FilterTokenKind::kCompare, FilterOp::kNotEqual},
    Symbol{"<=", FilterTokenKind::kCompare, FilterOp::kLessEqual},
    Symbol{">=", FilterTokenKind::kCompare, FilterOp::kGreaterEqual},
    Symbol{"&&", FilterTokenKind::kAnd},
    Symbol{"||", FilterTokenKind::kOr},
    Symbol{"&", FilterTokenKind::kCompare, FilterOp::kBits},
    Symbol{"~", FilterTokenKind::kCompare, FilterOp::kMatches},
    Symbol{"..", FilterTokenKind::kRange},
    Symbol{"<", FilterTokenKind::kCompare, FilterOp::kLess},
    Symbol{">", FilterTokenKind::kCompare, FilterOp::kGreater},
    Symbol{"!", FilterTokenKind::kNot},
    Symbol{"(", FilterTokenKind::kOpen},
    Symbol{")", FilterTokenKind::kClose},
    Symbol{"{", FilterTokenKind::kOpenSet},
    Symbol{"}", FilterTokenKind::kCloseSet},
    Symbol{",", FilterTokenKind::kComma},
};

constexpr std::array kKeywords = {
    Symbol{"eq", FilterTokenKind::kCompare, FilterOp::kEqual},
    Symbol{"ne", FilterTokenKind::kCompare, FilterOp::kNotEqual},
    Symbol{"lt", FilterTokenKind::kCompare, FilterOp::kLess},
    Symbol{"le", FilterTokenKind::kCompare, FilterOp::kLessEqual},
    Symbol{"gt", FilterTokenKind::kCompare, FilterOp::kGreater},
    Symbol{"ge", FilterTokenKind::kCompare, FilterOp::kGreaterEqual},
    Symbol{"contains", FilterTokenKind::kCompare, FilterOp::kContains},
    Symbol{"matches", FilterTokenKind::kCompare, FilterOp::kMatches},
    Symbol{"bitand", FilterTokenKind::kCompare, FilterOp::kBits},
    Symbol{"in", FilterTokenKind::kCompare, FilterOp::kIn},
    Symbol{"and", FilterTokenKind::kAnd},
    Symbol{"or", FilterTokenKind::kOr},
    Symbol{"not", FilterTokenKind::kNot},
};

// Written by people who come from elsewhere: {what they write, what it is here}.
struct Foreign {
  std::string_view text;
  std::string_view suggestion;
};
constexpr std::array kForeign = {
    Foreign{"===", "=="},     Foreign{"!==", "!="}, Foreign{"<>", "!="}, Foreign{"!~", "matches"},
    Foreign{"=~", "matches"}, Foreign{"~=", "!="},  Foreign{"=", "=="},  Foreign{"|", "||"},
};

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view("_.:/+-*@").find(c) != std::string_view::npos;
}

class Lexer {
 public:
  Lexer(std::string_view text, std::vector<FilterToken>* tokens, FilterError* error)
      : text_(text), tokens_(*tokens), error_(*error) {}

  bool Run() {
    while (true) {
      at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
      if (at_ == text_.size()) break;
      if (!One()) return false;
    }
    Push({.kind = FilterTokenKind::kEnd}, 0);
    return true;
  }

 private:
  void Push(FilterToken token, std::size_t length) {
    token.position = at_;
    token.length = length;
    tokens_.push_back(std::move(token));
    at_ += length;
  }
  bool Fail(std::size_t position, std::size_t length, std::string message,
            std::string_view suggestion = {}) {
    error_ = {position, length, std::move(message), "", std::string(suggestion)};
    return false;
  }

  // Behind a value that has no quotes, '=' is part of it: a Community ID ends so.
  [[nodiscard]] bool EndsValue() const {
    if (tokens_.size() < 2) return false;
    const FilterToken& word = tokens_.back();
    const FilterTokenKind before = tokens_[tokens_.size() - 2].kind;
    return word.kind == FilterTokenKind::kWord && word.position + word.length == at_ &&
           (before == FilterTokenKind::kCompare || before == FilterTokenKind::kOpenSet ||
            before == FilterTokenKind::kComma);
  }

  bool One() {
    const std::string_view rest = text_.substr(at_);
    for (const Foreign& foreign : kForeign) {
      const bool doubled = foreign.text.size() == 1 && rest.size() > 1 && rest[1] == rest[0];
      if (!rest.starts_with(foreign.text) || doubled) continue;
      if (foreign.text == "=" && EndsValue()) {
        const FilterToken& word = tokens_.back();
        return Fail(word.position, word.length + 1, "a text with '=' in it stands in quotes",
                    '"' + base::EscapeBytes(word.text) + "=\"");
      }
      return Fail(at_, foreign.text.size(),
                  "there is no operator '" + std::string(foreign.text) + "' in filters",
                  foreign.suggestion);
    }
    for (const Symbol& symbol : kSymbols) {
      if (!rest.starts_with(symbol.text)) continue;
      Push({.kind = symbol.kind, .op = symbol.op}, symbol.text.size());
      return true;
    }
    if (rest[0] == '"') return String();
    if (rest.starts_with("r\"")) return RawString();
    if (IsWordByte(rest[0])) return Word(rest);
    return Fail(at_, 1, "unexpected character '" + base::EscapeBytes(rest.substr(0, 1)) + "'");
  }

  bool Word(std::string_view rest) {
    std::size_t length = 0;
    while (length < rest.size() && IsWordByte(rest[length]) &&
           !rest.substr(length).starts_with("..")) {
      ++length;
    }
    const std::string word(rest.substr(0, length));
    std::string lower;
    for (const char c : word) {
      lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
    for (const Symbol& keyword : kKeywords) {
      if (lower != keyword.text) continue;
      Push({.kind = keyword.kind, .op = keyword.op, .text = word}, length);
      return true;
    }
    Push({.kind = FilterTokenKind::kWord, .text = word}, length);
    return true;
  }

  // "..." with \" \\ \n \r \t \xNN.
  bool String() {
    std::string value;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        Push({.kind = FilterTokenKind::kString, .text = std::move(value)}, i + 1 - at_);
        return true;
      }
      if (text_[i] != '\\') {
        value.push_back(text_[i]);
        continue;
      }
      if (!Escape(&i, &value)) return false;
    }
    return Fail(at_, text_.size() - at_, "a text begins here and has no closing quote");
  }

  // r"...": backslashes are text, for regular expressions. One before a quote keeps it inside.
  bool RawString() {
    for (std::size_t i = at_ + 2; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        const std::string_view value = text_.substr(at_ + 2, i - at_ - 2);
        Push({.kind = FilterTokenKind::kString, .text = std::string(value)}, i + 1 - at_);
        return true;
      }
      if (text_[i] == '\\') ++i;
    }
    return Fail(at_, text_.size() - at_, "a text begins here and has no closing quote");
  }

  // *i is at the backslash, and afterwards at the last byte of the escape.
  bool Escape(std::size_t* i, std::string* value) {
    constexpr std::string_view kPlain = "\"\\nrt";
    constexpr std::string_view kResult = "\"\\\n\r\t";
    const std::string_view rest = text_.substr(*i + 1);
    const std::size_t plain = rest.empty() ? rest.npos : kPlain.find(rest[0]);
    if (plain != rest.npos) {
      value->push_back(kResult[plain]);
      *i += 1;
      return true;
    }
    if (rest.size() >= 3 && rest[0] == 'x') {
      if (const auto byte = base::FromHex(rest.substr(1, 2)); byte && byte->size() == 1) {
        value->push_back(static_cast<char>(byte->front()));
        *i += 3;
        return true;
      }
    }
    return Fail(*i, std::min<std::size_t>(2, text_.size() - *i),
                "in a text, a backslash is followed by \", another one, n, r, t or xNN; a regular "
                "expression is "
                "written r\"...\"");
  }

  std::string_view text_;
  std::vector<FilterToken>& tokens_;
  FilterError& error_;
  std::size_t at_ = 0;
};

}  // namespace

bool LexFilter(std::string_view text, std::vector<FilterToken>* tokens, FilterError* error) {
  return Lexer(text, tokens, error).Run();
}

}  // namespace tapiary::server

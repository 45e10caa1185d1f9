#include "server/query/complete.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "server/query/lexer.h"

namespace tapiary::server {
namespace {

using Kind = FilterTokenKind;

struct Spelling {
  std::string_view text;
  FilterOp op;
  std::string_view detail;
};
constexpr std::array kOperators = {
    Spelling{"==", FilterOp::kEqual, "equal; any value of the field"},
    Spelling{"!=", FilterOp::kNotEqual, "there is a value, and all differ"},
    Spelling{"<", FilterOp::kLess, "less"},
    Spelling{"<=", FilterOp::kLessEqual, "at most"},
    Spelling{">", FilterOp::kGreater, "greater"},
    Spelling{">=", FilterOp::kGreaterEqual, "at least"},
    Spelling{"in", FilterOp::kIn, "one of a set, such as {1, 5..8}"},
    Spelling{"contains", FilterOp::kContains, "a part of the text"},
    Spelling{"matches", FilterOp::kMatches, "a regular expression, r\"...\""},
    Spelling{"&", FilterOp::kBits, "some bit of a mask is set"},
};

bool IsLetter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view("_.:/+-*@").find(c) != std::string_view::npos;
}

// The tokens before the place, without the one that is being typed.
std::vector<FilterToken> TokensBefore(std::string_view text, FilterPlace* place) {
  std::vector<FilterToken> tokens;
  FilterError error;
  place->from = text.size();
  if (!LexFilter(text, &tokens, &error)) {
    // Something unfinished: a text without its end, or half an operator.
    place->from = std::min(error.position, text.size());
    const std::size_t quote = text.find('"', place->from);
    const bool opened =
        quote == place->from || (quote == place->from + 1 && text[place->from] == 'r');
    place->quoted = opened;
    place->typed = text.substr(opened ? quote + 1 : place->from);
    tokens.clear();
    if (!LexFilter(text.substr(0, place->from), &tokens, &error)) tokens.clear();
  }
  while (!tokens.empty() && tokens.back().kind == Kind::kEnd) tokens.pop_back();
  if (place->from != text.size() || tokens.empty()) return tokens;
  const FilterToken& last = tokens.back();
  // Symbols are whole once they are there; words may go on.
  const bool word = !last.text.empty() && last.kind != Kind::kString;
  if (word && last.position + last.length == text.size()) {
    place->from = last.position;
    place->typed = last.text;
    tokens.pop_back();
  }
  return tokens;
}

// Follows the grammar loosely: enough to know what the next token may be.
class Follower {
 public:
  explicit Follower(FilterPlace* place) : place_(*place) {}

  void Take(const FilterToken& token) {
    switch (token.kind) {
      case Kind::kAnd:
      case Kind::kOr:
        return Expect(FilterExpects::kField);
      case Kind::kOpenSet:
        in_set_ = true;
        return Expect(FilterExpects::kValue);
      case Kind::kComma:
      case Kind::kRange:
        return Expect(FilterExpects::kValue);
      case Kind::kCloseSet:
        in_set_ = false;
        return Expect(FilterExpects::kConnective);
      case Kind::kClose:
        return Expect(FilterExpects::kConnective);
      case Kind::kCompare:
        masked_ = token.op == FilterOp::kBits;
        return Expect(token.op == FilterOp::kIn ? FilterExpects::kSet : FilterExpects::kValue);
      case Kind::kWord:
      case Kind::kString:
        return Word(token);
      default:
        return;
    }
  }

 private:
  void Expect(FilterExpects what) { place_.expects = what; }

  void Word(const FilterToken& token) {
    if (place_.expects == FilterExpects::kField) {
      place_.field = FindFilterField(token.text);
      return Expect(FilterExpects::kOperator);
    }
    if (in_set_) return Expect(FilterExpects::kValue);
    Expect(masked_ ? FilterExpects::kOperator : FilterExpects::kConnective);
  }

  FilterPlace& place_;
  bool in_set_ = false;
  bool masked_ = false;
};

// 0: begins with it; 1: a part behind a dot does; 2: contains it; 3: no.
int Rank(std::string_view text, std::string_view typed) {
  if (BeginsWith(text, typed)) return 0;
  int rank = 3;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (!BeginsWith(text.substr(at), typed)) continue;
    if (text[at - 1] == '.' || text[at - 1] == '_' || text[at - 1] == '-') return 1;
    rank = 2;
  }
  return rank;
}

struct Ranked {
  int rank = 0;
  FilterChoice choice;
};

std::vector<FilterChoice> Best(std::vector<Ranked> all, std::size_t limit) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Ranked& a, const Ranked& b) { return a.rank < b.rank; });
  std::vector<FilterChoice> best;
  for (Ranked& ranked : all) {
    if (ranked.rank >= 3 || best.size() == limit) break;
    best.push_back(std::move(ranked.choice));
  }
  return best;
}

bool Has(const FilterField& field, FilterTable table) {
  if (field.means.empty()) return !SqlOf(field, table).absent();
  const auto filter = Filter::Parse(field.means);
  return filter && filter->FieldsNotIn(table).empty();
}

void AddFields(const FilterPlace& place, FilterTable table, std::vector<Ranked>* all) {
  for (const FilterField& field : FilterFields()) {
    if (!Has(field, table)) continue;
    int rank = Rank(field.name, place.typed);
    std::string_view rest = field.aliases;
    while (rank > 0 && !rest.empty() && !place.typed.empty()) {
      const std::size_t space = std::min(rest.find(' '), rest.size());
      rank = std::min(rank, Rank(rest.substr(0, space), place.typed));
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    all->push_back({rank, {std::string(field.name), "field", std::string(field.sentence)}});
  }
  const std::string_view near = NearestFieldName(place.typed);
  const bool none =
      std::all_of(all->begin(), all->end(), [](const Ranked& r) { return r.rank > 2; });
  if (!none || near.empty()) return;
  const FilterField* const field = FindFilterField(near);
  all->push_back({2, {std::string(near), "field", std::string(field->sentence)}});
}

bool Allows(const FilterField& field, FilterOp op) {
  const bool text = field.type == FieldType::kText;
  const bool unordered = text || field.type == FieldType::kMac || field.type == FieldType::kFlowId;
  switch (op) {
    case FilterOp::kContains:
    case FilterOp::kMatches:
      return text;
    case FilterOp::kBits:
      return field.type == FieldType::kNumber;
    case FilterOp::kLess:
    case FilterOp::kLessEqual:
    case FilterOp::kGreater:
    case FilterOp::kGreaterEqual:
      return !unordered && field.type != FieldType::kFlag;
    case FilterOp::kIn:
      return field.type != FieldType::kFlag;
    default:
      return true;
  }
}

void AddOperators(const FilterPlace& place, std::vector<Ranked>* all) {
  for (const Spelling& spelling : kOperators) {
    if (place.field != nullptr && !Allows(*place.field, spelling.op)) continue;
    const int rank = BeginsWith(spelling.text, place.typed) ? 0 : 3;
    all->push_back({rank, {std::string(spelling.text), "operator", std::string(spelling.detail)}});
  }
}

void AddConnectives(const FilterPlace& place, std::vector<Ranked>* all) {
  constexpr std::string_view kTexts[][2] = {{"&&", "and"}, {"||", "or"}};
  for (const auto& [symbol, word] : kTexts) {
    const bool fits = BeginsWith(symbol, place.typed) || BeginsWith(word, place.typed);
    all->push_back({fits ? 0 : 3, {std::string(symbol), "connective", std::string(word)}});
  }
}

void AddValues(const FilterPlace& place, std::vector<Ranked>* all) {
  if (place.field == nullptr) return;
  for (const std::string_view value : KnownValues(*place.field)) {
    all->push_back(
        {Rank(value, place.typed), {WriteFilterValue(place.field->type, value), "value", ""}});
  }
}

}  // namespace

bool BeginsWith(std::string_view text, std::string_view typed) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return text.size() >= typed.size() && std::equal(typed.begin(), typed.end(), text.begin(), same);
}

FilterPlace FindPlace(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  FilterPlace place;
  const std::vector<FilterToken> tokens = TokensBefore(text.substr(0, at), &place);
  Follower follower(&place);
  for (const FilterToken& token : tokens) follower.Take(token);
  place.to = at;
  const bool word = place.quoted || (!place.typed.empty() && IsLetter(text[at - 1]));
  while (word && place.to < text.size() && IsLetter(text[place.to])) ++place.to;
  if (place.quoted && place.to < text.size() && text[place.to] == '"') ++place.to;
  return place;
}

std::vector<FilterChoice> ChoicesAt(const FilterPlace& place, FilterTable table,
                                    std::size_t limit) {
  std::vector<Ranked> all;
  switch (place.expects) {
    case FilterExpects::kField:
      AddFields(place, table, &all);
      break;
    case FilterExpects::kOperator:
      AddOperators(place, &all);
      AddConnectives(place, &all);
      break;
    case FilterExpects::kConnective:
      AddConnectives(place, &all);
      break;
    case FilterExpects::kSet:
      all.push_back({place.typed.empty() ? 0 : 3, {"{", "operator", "a set, such as {1, 5..8}"}});
      break;
    case FilterExpects::kValue:
      AddValues(place, &all);
      break;
  }
  return Best(std::move(all), limit);
}

std::string WriteFilterValue(FieldType type, std::string_view stored) {
  if (type != FieldType::kText && type != FieldType::kFlowId) return std::string(stored);
  const bool plain = !stored.empty() && stored.find("..") == stored.npos &&
                     std::all_of(stored.begin(), stored.end(), IsLetter);
  std::vector<FilterToken> tokens;
  FilterError error;
  if (plain && LexFilter(stored, &tokens, &error) && tokens[0].kind == Kind::kWord) {
    return std::string(stored);  // no keyword
  }
  // What is stored is escaped with \xNN already, which a filter's text takes as it is.
  std::string out = "\"";
  for (const char c : stored) out += c == '"' ? std::string("\\\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace tapiary::server

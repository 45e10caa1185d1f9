#include "server/query/filter.h"

#include <utility>

#include "base/text.h"
#include "server/catalog/text_matcher.h"
#include "server/query/lexer.h"
#include "server/query/pattern.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

using Kind = FilterTokenKind;

// Recursive descent; every recursion goes through Unary or a flag's expansion, which count depth.
class Parser {
 public:
  Parser(const std::vector<FilterToken>& tokens, std::int64_t now_ns, FilterError* error)
      : tokens_(tokens), now_ns_(now_ns), error_(*error) {}

  bool Run(FilterNode* root) {
    if (Peek().kind == Kind::kEnd) return true;  // an empty filter matches everything
    if (!Or(root)) return false;
    if (Peek().kind == Kind::kEnd) return true;
    return Fail(Peek(), "the filter should end here", "&&, || or the end");
  }

 private:
  [[nodiscard]] const FilterToken& Peek() const { return tokens_[next_]; }
  const FilterToken& Take() {
    const FilterToken& token = tokens_[next_];
    if (token.kind != Kind::kEnd) ++next_;
    return token;
  }
  bool Fail(const FilterToken& token, std::string message, std::string_view expected,
            std::string_view suggestion = {}) {
    error_ = {token.position, token.length, std::move(message), std::string(expected),
              std::string(suggestion)};
    return false;
  }
  bool CountTerm(const FilterToken& token) {
    if (++terms_ <= kMaxFilterTerms) return true;
    return Fail(token,
                "too many terms: at most " + std::to_string(kMaxFilterTerms) + " are allowed", "");
  }

  bool Or(FilterNode* out) { return Chain(out, FilterNode::Kind::kOr, Kind::kOr); }
  bool And(FilterNode* out) { return Chain(out, FilterNode::Kind::kAnd, Kind::kAnd); }

  // One operand, or several of them in one node. && binds closer than ||.
  bool Chain(FilterNode* out, FilterNode::Kind kind, Kind separator) {
    FilterNode node{.kind = kind};
    do {
      FilterNode& child = node.children.emplace_back();
      if (!(kind == FilterNode::Kind::kOr ? And(&child) : Unary(&child))) return false;
    } while (Peek().kind == separator && (Take(), true));
    if (node.children.size() == 1) {
      FilterNode only = std::move(node.children.front());
      *out = std::move(only);
    } else {
      *out = std::move(node);
    }
    return true;
  }

  bool Unary(FilterNode* out) {
    if (++depth_ > kMaxFilterDepth) {
      return Fail(
          Peek(),
          "nested too deeply: at most " + std::to_string(kMaxFilterDepth) + " levels are allowed",
          "");
    }
    const bool good = UnaryInside(out);
    --depth_;
    return good;
  }

  bool UnaryInside(FilterNode* out) {
    if (Peek().kind == Kind::kNot) {
      Take();
      out->kind = FilterNode::Kind::kNot;
      return Unary(&out->children.emplace_back());
    }
    if (Peek().kind != Kind::kOpen) return Test(out);
    const FilterToken& open = Take();
    if (!Or(out)) return false;
    if (Peek().kind == Kind::kClose) return Take(), true;
    return Fail(Peek(),
                "the parenthesis opened at " + std::to_string(open.position) + " is not closed",
                ")");
  }

  bool Test(FilterNode* out) {
    const FilterToken& name = Take();
    if (name.kind != Kind::kWord) {
      return Fail(name, name.kind == Kind::kEnd ? "the filter ends too early" : "misplaced text",
                  "a field name, ! or (");
    }
    const FilterField* field = FindFilterField(name.text);
    if (field == nullptr) {
      return Fail(name, "unknown field '" + base::EscapeBytes(name.text) + "'", "a field name",
                  NearestFieldName(name.text));
    }
    if (!CountTerm(name)) return false;
    out->kind = FilterNode::Kind::kTest;
    out->field = field;
    if (field->type == FieldType::kFlag) return Flag(out);
    if (Peek().kind != Kind::kCompare &&
        !(Peek().kind == Kind::kNot && tokens_[next_ + 1].op == FilterOp::kIn)) {
      return NoOperator();
    }
    return Compare(out);
  }

  // A field alone asks whether it is there. A value right after it is a forgotten operator.
  bool NoOperator() {
    const Kind kind = Peek().kind;
    if (kind != Kind::kWord && kind != Kind::kString && kind != Kind::kOpenSet) return true;
    return Fail(Peek(), "an operator is missing before this",
                "==, !=, <, <=, >, >=, in, contains or matches");
  }

  bool Flag(FilterNode* out) {
    bool wanted = true;
    if (Peek().kind == Kind::kCompare) {
      const FilterToken& op = Take();
      if (op.op != FilterOp::kEqual && op.op != FilterOp::kNotEqual) {
        const bool bits = op.op == FilterOp::kBits && op.length == 1;
        return Fail(op, "this field is true or false", "== or !=", bits ? "&&" : "");
      }
      const FilterToken& value = Take();
      const bool yes = value.text == "true" || value.text == "1";
      if (!yes && value.text != "false" && value.text != "0") {
        return Fail(value, "not a value of this field", ExpectedValue(FieldType::kFlag));
      }
      wanted = yes == (op.op == FilterOp::kEqual);
    }
    out->op = FilterOp::kEqual;
    out->values = {{.low = 1, .high = 1}};
    if (!out->field->means.empty()) *out = Expansion(*out->field);
    if (!wanted) {
      FilterNode inner = std::move(*out);
      *out = FilterNode{.kind = FilterNode::Kind::kNot};
      out->children.push_back(std::move(inner));
    }
    return true;
  }

  static FilterNode Expansion(const FilterField& field) {
    const auto filter = Filter::Parse(field.means);  // from our own table: a test parses each
    return filter ? filter->root() : FilterNode{};
  }

  bool Compare(FilterNode* out) {
    bool negated = false;
    if (Peek().kind == Kind::kNot) {
      Take();
      negated = true;  // "field not in {...}"
    }
    const FilterToken& op = Take();
    out->op = op.op;
    if (!CheckOp(op, *out->field)) return false;
    const bool good = op.op == FilterOp::kIn        ? Set(out)
                      : op.op == FilterOp::kMatches ? Pattern(out)
                      : op.op == FilterOp::kBits    ? Bits(out)
                                                    : One(out);
    if (!good) return false;
    if (negated) {
      FilterNode inner = std::move(*out);
      *out = FilterNode{.kind = FilterNode::Kind::kNot};
      out->children.push_back(std::move(inner));
    }
    return true;
  }

  bool CheckOp(const FilterToken& op, const FilterField& field) {
    const bool text = field.type == FieldType::kText;
    const bool unordered =
        text || field.type == FieldType::kMac || field.type == FieldType::kFlowId;
    const bool ordering = op.op == FilterOp::kLess || op.op == FilterOp::kLessEqual ||
                          op.op == FilterOp::kGreater || op.op == FilterOp::kGreaterEqual;
    const std::string what =
        "'" + std::string(field.name) + "' is a " + std::string(ToString(field.type)) + " field: ";
    if ((op.op == FilterOp::kContains || op.op == FilterOp::kMatches) && !text) {
      return Fail(op, what + "contains and matches work on text only",
                  "==, !=, <, <=, >, >= or in");
    }
    if (op.op == FilterOp::kBits && field.type != FieldType::kNumber) {
      return Fail(op, what + "& works on numbers only", "==, != or in",
                  op.length == 1 ? "&&" : "and");
    }
    if (ordering && unordered) return Fail(op, what + "it has no order", "==, != or in");
    return true;
  }

  bool One(FilterNode* out) {
    const FilterToken& token = Take();
    if (token.kind == Kind::kOpenSet) {
      return Fail(token, "a set of values goes with 'in'", ExpectedValue(out->field->type));
    }
    return Value(*out->field, token, &out->values.emplace_back());
  }

  bool Pattern(FilterNode* out) {
    const FilterToken& token = Take();
    if (token.kind != Kind::kWord && token.kind != Kind::kString) {
      return Fail(token, token.kind == Kind::kEnd ? "a value is missing" : "not a value",
                  "a regular expression such as r\"^/cgi-bin/.*\\.sh$\"");
    }
    FilterValue& value = out->values.emplace_back();
    PatternError problem;
    if (!RewritePattern(token.text, &value.text, &problem)) {
      return Fail(token,
                  "not a regular expression: at " + std::to_string(problem.position) +
                      " of it: " + problem.message,
                  "RE2's language, without (?flags) inside and without classes of Unicode");
    }
    auto matcher = TextMatcher::Make(value.text);
    if (!matcher) {
      return Fail(token, "this regular expression is too large: " + matcher.error().message, "");
    }
    value.matcher = std::move(*matcher);
    return true;
  }

  // FIELD & MASK, or FIELD & MASK == VALUE.
  bool Bits(FilterNode* out) {
    const FilterToken& token = Take();
    FilterValue mask;
    if (!Value(*out->field, token, &mask)) return false;
    if (mask.low <= 0) return Fail(token, "a mask has bits", "a number above 0, such as 0x80");
    out->mask = mask.low;
    if (Peek().kind != Kind::kCompare) return true;
    const FilterToken& op = Take();
    if (op.op == FilterOp::kBits) return Fail(op, "one mask is enough", "==, != or in");
    out->op = op.op;
    return CheckOp(op, *out->field) && (op.op == FilterOp::kIn ? Set(out) : One(out));
  }

  // {a, b, c..d}; commas may be left out.
  bool Set(FilterNode* out) {
    const FilterToken& open = Take();
    if (open.kind != Kind::kOpenSet) {
      return Fail(open, "'in' is followed by a set", "{, as in {1, 2, 5..8}");
    }
    do {
      const FilterToken& token = Take();
      FilterValue value;
      if (!CountTerm(token) || !Value(*out->field, token, &value)) return false;
      if (Peek().kind == Kind::kRange && !RangeEnd(*out->field, &value)) return false;
      out->values.push_back(std::move(value));
      if (Peek().kind == Kind::kComma) Take();
      if (Peek().kind == Kind::kEnd) {
        return Fail(Peek(), "the set opened at " + std::to_string(open.position) + " is not closed",
                    "}");
      }
    } while (Peek().kind != Kind::kCloseSet);
    Take();
    return true;
  }

  bool RangeEnd(const FilterField& field, FilterValue* value) {
    const FilterToken& dots = Take();
    const FilterToken& token = Take();
    FilterValue end;
    if (!Value(field, token, &end)) return false;
    if (!JoinRange(field, end, value)) {
      return Fail(dots,
                  "not a range of this field: its values have no order, or the end comes first",
                  "a smaller and a larger value");
    }
    return true;
  }

  bool Value(const FilterField& field, const FilterToken& token, FilterValue* value) {
    if (token.kind != Kind::kWord && token.kind != Kind::kString) {
      return Fail(token, token.kind == Kind::kEnd ? "a value is missing" : "not a value",
                  ExpectedValue(field.type));
    }
    const auto parsed = ParseFilterValue(field, token.text, now_ns_);
    if (!parsed) {
      std::string message = parsed.error().message;
      if (token.kind == Kind::kWord && FindFilterField(token.text) != nullptr) {
        message += "; two fields cannot be compared";
      }
      return Fail(token, std::move(message), ExpectedValue(field.type));
    }
    *value = *parsed;
    return true;
  }

  const std::vector<FilterToken>& tokens_;
  std::int64_t now_ns_;
  FilterError& error_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::size_t terms_ = 0;
};

bool PacketsSuffice(const FilterNode& node) {
  if (node.kind == FilterNode::Kind::kTest) return node.field->packet != PacketField::kNone;
  for (const FilterNode& child : node.children) {
    if (!PacketsSuffice(child)) return false;
  }
  return true;
}

void CollectAbsent(const FilterNode& node, FilterTable table, std::vector<std::string_view>* out) {
  for (const FilterNode& child : node.children) CollectAbsent(child, table, out);
  if (node.kind != FilterNode::Kind::kTest || !SqlOf(*node.field, table).absent()) return;
  for (const std::string_view name : *out) {
    if (name == node.field->name) return;
  }
  out->push_back(node.field->name);
}

}  // namespace

std::string FilterError::ToString() const {
  std::string text = "at " + std::to_string(position) + ": " + message;
  if (!expected.empty()) text += "; expected " + expected;
  if (!suggestion.empty()) text += "; did you mean '" + suggestion + "'?";
  return text;
}

base::Result<Filter> Filter::Parse(std::string_view text, FilterError* error, std::int64_t now_ns) {
  FilterError local;
  FilterError& problem = error != nullptr ? *error : local;
  problem = {};
  Filter filter;
  bool good = false;
  if (text.size() > kMaxFilterBytes) {
    problem = {kMaxFilterBytes, text.size() - kMaxFilterBytes,
               "the filter is longer than " + std::to_string(kMaxFilterBytes) + " bytes", "", ""};
  } else {
    std::vector<FilterToken> tokens;
    good =
        LexFilter(text, &tokens, &problem) && Parser(tokens, now_ns, &problem).Run(&filter.root_);
  }
  if (!good) return base::MakeError(base::ErrorCode::kInvalid, problem.ToString());
  return filter;
}

bool Filter::packets_suffice() const {
  return PacketsSuffice(root_);
}

std::vector<std::string_view> Filter::FieldsNotIn(FilterTable table) const {
  std::vector<std::string_view> names;
  CollectAbsent(root_, table, &names);
  return names;
}

}  // namespace tapiary::server

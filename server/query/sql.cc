#include "server/query/sql.h"

#include <utility>

namespace tapiary::server {
namespace {

class Compiler {
 public:
  Compiler(FilterTable table, SqlCondition* out) : table_(table), out_(*out) {}

  void Node(const FilterNode& node) {
    switch (node.kind) {
      case FilterNode::Kind::kAlways:
        out_.text += "TRUE";
        return;
      case FilterNode::Kind::kAnd:
        return Join(node.children, " AND ");
      case FilterNode::Kind::kOr:
        return Join(node.children, " OR ");
      case FilterNode::Kind::kNot:
        out_.text += "NOT ";
        return Node(node.children.front());
      case FilterNode::Kind::kTest:
        return Test(node);
    }
  }

 private:
  void Join(const std::vector<FilterNode>& nodes, const char* separator) {
    out_.text += "(";
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i != 0) out_.text += separator;
      Node(nodes[i]);
    }
    out_.text += ")";
  }

  void Test(const FilterNode& node) {
    const FieldSql& sql = SqlOf(*node.field, table_);
    if (sql.absent()) {
      out_.text += "FALSE";
      return;
    }
    if (node.field->type == FieldType::kFlowId) return FlowIds(node, sql);
    if (node.op != FilterOp::kNotEqual) return Rows(node, sql, node.op);
    // All values differ: there is a value, and none is equal.
    out_.text += "(";
    Rows(node, sql, FilterOp::kPresent);
    out_.text += " AND NOT ";
    Rows(node, sql, FilterOp::kEqual);
    out_.text += ")";
  }

  void Rows(const FilterNode& node, const FieldSql& sql, FilterOp op) {
    out_.text += sql.rows != nullptr ? std::string("EXISTS (") + sql.rows + " AND (" : "(";
    if (sql.guard != nullptr) out_.text += std::string(sql.guard) + " AND (";
    Column(node, sql, sql.first, op);
    if (sql.second.low != nullptr) {
      out_.text += " OR ";
      Column(node, sql, sql.second, op);
    }
    if (sql.guard != nullptr) out_.text += ")";
    out_.text += sql.rows != nullptr ? "))" : ")";
  }

  void Column(const FilterNode& node, const FieldSql& sql, const FieldColumn& column, FilterOp op) {
    out_.text += "(";
    if (sql.nullable) out_.text += std::string(column.low) + " IS NOT NULL";
    if (op == FilterOp::kPresent) {
      if (!sql.nullable) out_.text += WithoutNull(node, column);
      out_.text += ")";
      return;
    }
    if (sql.nullable) out_.text += " AND (";
    if (node.mask != 0) {
      Masked(node, column.low, op);
      out_.text += sql.nullable ? "))" : ")";
      return;
    }
    for (std::size_t i = 0; i < node.values.size(); ++i) {
      if (i != 0) out_.text += " OR ";
      Value(*node.field, column, op, node.values[i]);
    }
    out_.text += sql.nullable ? "))" : ")";
  }

  // Whether a column without NULL has something. A text is empty where there is none; such a one
  // differs from others all the same.
  static std::string WithoutNull(const FilterNode& node, const FieldColumn& column) {
    const bool asked = node.op == FilterOp::kPresent;
    return asked && node.field->type == FieldType::kText ? std::string(column.low) + " <> ''"
                                                         : "TRUE";
  }

  // Only whole numbers have bits. The two databases round others differently when they cast them,
  // and one fails where a number does not fit.
  void Masked(const FilterNode& node, const std::string& column, FilterOp op) {
    const std::string whole = "CAST(" + column + " AS BIGINT)";
    out_.text += "COALESCE(CASE WHEN " + column +
                 " BETWEEN -9007199254740992 AND 9007199254740992 THEN CASE WHEN " + whole + " = " +
                 column + " THEN (";
    const std::size_t count = op == FilterOp::kBits ? 1 : node.values.size();
    for (std::size_t i = 0; i < count; ++i) {
      out_.text += (i == 0 ? "(" : " OR (") + whole + " & ?)";
      out_.params.emplace_back(node.mask);
      MaskedValue(op, op == FilterOp::kBits ? FilterValue{} : node.values[i]);
    }
    out_.text += ") END END, FALSE)";
  }

  void MaskedValue(FilterOp op, const FilterValue& value) {
    switch (op) {
      case FilterOp::kBits:
        out_.text += " <> 0";
        return;
      case FilterOp::kLess:
      case FilterOp::kLessEqual:
        out_.text += op == FilterOp::kLess ? " < ?" : " <= ?";
        out_.params.emplace_back(value.low);
        return;
      case FilterOp::kGreater:
      case FilterOp::kGreaterEqual:
        out_.text += op == FilterOp::kGreater ? " > ?" : " >= ?";
        out_.params.emplace_back(value.low);
        return;
      default:
        out_.text += " BETWEEN ? AND ?";
        out_.params.emplace_back(value.low);
        out_.params.emplace_back(value.high);
    }
  }

  void Value(const FilterField& field, const FieldColumn& column, FilterOp op,
             const FilterValue& value) {
    const bool above = op == FilterOp::kGreater || op == FilterOp::kGreaterEqual;
    switch (op) {
      case FilterOp::kMatches:
        out_.text += std::string("tapiary_matches(") + column.low + ", ?)";
        return Bind(value.text);
      case FilterOp::kContains:
        out_.text += std::string("instr(") + column.low + ", ?) > 0";
        return Bind(value.text);
      case FilterOp::kLess:
      case FilterOp::kLessEqual:
      case FilterOp::kGreater:
      case FilterOp::kGreaterEqual: {
        const bool or_equal = op == FilterOp::kLessEqual || op == FilterOp::kGreaterEqual;
        out_.text += above ? column.high : column.low;
        out_.text += above ? " >" : " <";
        out_.text += or_equal ? "= ?" : " ?";
        // Past a network means past its last address; from it on means from its first.
        return BindEnd(field, value, above != or_equal);
      }
      default:
        return InRange(field, column, value);
    }
  }

  void InRange(const FilterField& field, const FieldColumn& column, const FilterValue& value) {
    if (field.type == FieldType::kText || field.type == FieldType::kMac) {
      out_.text += std::string(column.low) + " = ?";
      return Bind(value.text);
    }
    const bool span = std::string_view(column.low) != column.high;
    const bool single = value.low == value.high && value.address_low == value.address_high;
    if (single && !span) {
      out_.text += std::string(column.low) + " = ?";
      return BindEnd(field, value, false);
    }
    out_.text += std::string("(") + column.high + " >= ? AND " + column.low + " <= ?)";
    BindEnd(field, value, false);
    BindEnd(field, value, true);
  }

  // The columns of a flow id are its epoch and its number; the sensor is named, or any. All three
  // are the key of both tables, by which an index finds it.
  void FlowIds(const FilterNode& node, const FieldSql& sql) {
    if (node.op == FilterOp::kPresent) {
      out_.text += "TRUE";
      return;
    }
    out_.text += node.op == FilterOp::kNotEqual ? "NOT (" : "(";
    for (std::size_t i = 0; i < node.values.size(); ++i) {
      const FilterValue& value = node.values[i];
      if (i != 0) out_.text += " OR ";
      out_.text += table_ == FilterTable::kFlows ? "(f.sensor_id" : "(t.sensor_id";
      if (value.text.empty()) {
        out_.text += " IN (SELECT x.id FROM sensors x)";
      } else {
        out_.text += " = COALESCE((SELECT x.id FROM sensors x WHERE x.name = ?), -1)";
        Bind(value.text);
      }
      out_.text += std::string(" AND ") + sql.first.low + " = ? AND " + sql.second.low + " = ?)";
      out_.params.emplace_back(value.low);
      out_.params.emplace_back(value.high);
    }
    out_.text += ")";
  }

  void Bind(const std::string& text) { out_.params.emplace_back(text); }
  void BindEnd(const FilterField& field, const FilterValue& value, bool high) {
    if (field.type == FieldType::kAddress) {
      const AddressKey& key = high ? value.address_high : value.address_low;
      out_.params.emplace_back(std::vector<std::uint8_t>(key.begin(), key.end()));
    } else {
      out_.params.emplace_back(high ? value.high : value.low);
    }
  }

  FilterTable table_;
  SqlCondition& out_;
};

}  // namespace

SqlCondition ToSql(const Filter& filter, FilterTable table) {
  SqlCondition condition{"(", {}};  // in parentheses, so that it can be joined to others as it is
  Compiler(table, &condition).Node(filter.root());
  condition.text += ")";
  return condition;
}

bool CanGroupBy(const FilterField& field, FilterTable table) {
  const FieldSql& sql = SqlOf(field, table);
  if (!field.means.empty() || sql.absent()) return false;
  if (field.type == FieldType::kTime || field.type == FieldType::kFlowId) return false;
  // The flow of a transaction is one row: its column can stand for the transaction.
  return sql.rows == nullptr || std::string_view(sql.rows).starts_with(kOneFlow);
}

}  // namespace tapiary::server

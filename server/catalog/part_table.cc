#include "server/catalog/part_table.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/catalog/part_plan.h"
#include "server/catalog/part_scan.h"
#include "server/catalog/sqlite.h"
#include "server/catalog/sqlite_parts.h"

namespace tapiary::server {
namespace {

using Parts = std::shared_ptr<const std::vector<SqlitePart>>;

// Of a connection. As long as a cursor is open, its transaction goes on, and others change nothing
// that it sees.
struct Module {
  SqliteConnection& connection;
  int open = 0;              // cursors
  std::int64_t stretch = 0;  // of time in which one was
};

// Both derive from what SQLite wants of them first in memory.
struct Table : sqlite3_vtab {
  Table(const PartedTable& its_parted, Module& its_module, sqlite3* its_database)
      : sqlite3_vtab{},
        parted(its_parted),
        module(its_module),
        connection(its_module.connection),
        database(its_database),
        pool(its_database) {}
  const PartedTable& parted;
  Module& module;
  SqliteConnection& connection;
  sqlite3* database;
  StatementPool pool;
  // What was read last, and when that was.
  Parts parts{};
  KnownNumbers numbers{};
  std::int64_t stretch = -1;
  std::int64_t changes = -1;  // by the connection itself
};

struct Cursor : sqlite3_vtab_cursor {
  explicit Cursor(Table& its_table)
      : sqlite3_vtab_cursor{},
        module(its_table.module),
        scan(its_table.parted, its_table.pool, its_table.numbers) {
    if (module.open++ == 0) ++module.stretch;
  }
  ~Cursor() { --module.open; }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  Module& module;
  Parts parts{};                    // as they are at the first loop
  const char* plan_text = nullptr;  // of which `plan` was made
  PartPlan plan{};
  PartScan scan;
};

Table& Of(sqlite3_vtab* table) {
  return *static_cast<Table*>(table);
}
Cursor& Of(sqlite3_vtab_cursor* cursor) {
  return *static_cast<Cursor*>(cursor);
}

int Fail(Table& table, int code, const std::string& message) {
  sqlite3_free(table.zErrMsg);
  table.zErrMsg = sqlite3_mprintf("%s: %s", table.parted.name.c_str(), message.c_str());
  return code;
}

// A statement on the parts failed: as it did, in its words.
int Fail(Table& table) {
  return Fail(table, sqlite3_extended_errcode(table.database), sqlite3_errmsg(table.database));
}
int Fail(Table& table, const base::Error& error) {
  const int code = sqlite3_extended_errcode(table.database);
  return Fail(table, code == SQLITE_OK ? SQLITE_ERROR : code, error.message);
}

int Connect(sqlite3* database, void* module, int count, const char* const* words,
            sqlite3_vtab** out, char** error) {
  const PartedTable* const parted = FindPartedTable(count > 2 ? words[2] : "");
  if (parted == nullptr) {
    *error = sqlite3_mprintf("no table in parts");
    return SQLITE_ERROR;
  }
  std::string text = "CREATE TABLE x (";
  for (const PartedColumn& column : parted->columns) {
    text += (text.back() == '(' ? "" : ", ") + column.definition;
  }
  const int code = sqlite3_declare_vtab(database, (text + ")").c_str());
  if (code != SQLITE_OK) return code;
  // It reads and writes its own parts only, so that views may have it.
  sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
  *out = new (std::nothrow) Table(*parted, *static_cast<Module*>(module), database);
  return *out == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int Disconnect(sqlite3_vtab* table) {
  delete &Of(table);
  return SQLITE_OK;
}

int BestIndex(sqlite3_vtab* table, sqlite3_index_info* info) {
  const std::string text = MakePartPlan(Of(table).parted, info).ToText();
  info->idxStr = sqlite3_mprintf("%s", text.c_str());
  info->needToFreeIdxStr = 1;
  return info->idxStr == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int Open(sqlite3_vtab* table, sqlite3_vtab_cursor** out) {
  *out = new (std::nothrow) Cursor(Of(table));
  return *out == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete &Of(cursor);
  return SQLITE_OK;
}

// Read anew when they may have changed.
base::Result<Parts> PartsNow(Table& table) {
  const std::int64_t changes = sqlite3_total_changes64(table.database);
  if (table.stretch != table.module.stretch || table.changes != changes) {
    TAPIARY_ASSIGN(auto parts, ReadSqliteParts(table.connection, table.parted.name));
    table.parts = std::make_shared<const std::vector<SqlitePart>>(std::move(parts));
    table.numbers.Forget();
    table.stretch = table.module.stretch;
    table.changes = changes;
  }
  return table.parts;
}

int Filter(sqlite3_vtab_cursor* base, int /*number*/, const char* text, int count,
           sqlite3_value** values) {
  Cursor& cursor = Of(base);
  Table& table = Of(cursor.pVtab);
  if (cursor.plan_text != text) {
    auto plan = PartPlan::FromText(text);
    if (!plan) return Fail(table, SQLITE_INTERNAL, "no plan");
    cursor.plan = std::move(*plan);
    cursor.plan_text = text;
  }
  if (cursor.parts == nullptr) {
    const auto parts = PartsNow(table);
    if (!parts) return Fail(table, parts.error());
    cursor.parts = *parts;
  }
  const int code =
      cursor.scan.Start(cursor.plan, *cursor.parts, {values, static_cast<std::size_t>(count)});
  return code == SQLITE_OK ? code : Fail(table);
}

int Next(sqlite3_vtab_cursor* cursor) {
  const int code = Of(cursor).scan.Next();
  return code == SQLITE_OK ? code : Fail(Of(cursor->pVtab));
}

int AtEnd(sqlite3_vtab_cursor* cursor) {
  return Of(cursor).scan.at_end() ? 1 : 0;
}

int Column(sqlite3_vtab_cursor* base, sqlite3_context* context, int column) {
  const Cursor& cursor = Of(base);
  if (const OfId of_id = Of(cursor.pVtab).parted.at(column).of_id; of_id != OfId::kNothing) {
    sqlite3_result_int64(context, cursor.scan.Id() >> BitsLeftOut(of_id));
  } else if (sqlite3_value* const value = cursor.scan.Value(column); value != nullptr) {
    sqlite3_result_value(context, value);
  }
  return SQLITE_OK;
}

int RowId(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = Of(cursor).scan.Id();
  return SQLITE_OK;
}

// What one row of an INSERT, UPDATE or DELETE does to the parts.
class RowChange {
 public:
  RowChange(Table& table, std::span<sqlite3_value* const> values)
      : table_(table), values_(values) {}

  base::Result<> Delete(std::int64_t id) {
    TAPIARY_ASSIGN(const SqlitePart part, PartOf(table_.connection, table_.parted.name, id));
    const std::vector<SqlValue> own{OwnId(id)};
    return table_.connection.Run(fmt::format("DELETE FROM {} WHERE id = ?", part.name), own, {});
  }
  // The new row's id. Of one that is given, the lower bits count.
  base::Result<std::int64_t> Insert() {
    sqlite3_value* const id = values_[static_cast<std::size_t>(table_.parted.id)];
    const bool given = sqlite3_value_type(id) != SQLITE_NULL;
    return InsertAs(given ? std::to_string(OwnId(sqlite3_value_int64(id))) : "NULL");
  }
  base::Result<> Update(std::int64_t id) {
    TAPIARY_ASSIGN(const SqlitePart part, PartOf(table_.connection, table_.parted.name, id));
    const std::int64_t received_ns = Int(table_.parted.received);
    if (received_ns < part.from_ns || received_ns >= part.to_ns) {
      TAPIARY_TRY(Delete(id));
      TAPIARY_TRY(InsertAs("NULL"));
      return {};
    }
    TAPIARY_TRY(Note(part));
    return Run(fmt::format("UPDATE {} SET ({}) = ({}) WHERE id = {}", part.name, Names(), Places(),
                           OwnId(id)));
  }

 private:
  static std::int64_t OwnId(std::int64_t id) { return id & ((std::int64_t{1} << kPartIdBits) - 1); }
  [[nodiscard]] std::int64_t Int(int column) const {
    return sqlite3_value_int64(values_[static_cast<std::size_t>(column)]);
  }
  [[nodiscard]] std::string Names() const {
    std::string names;
    for (int i = 0; i < table_.parted.id; ++i) {
      names += (i == 0 ? "" : ", ") + table_.parted.at(i).name;
    }
    return names;
  }
  [[nodiscard]] std::string Places() const {
    std::string places;
    for (int i = 0; i < table_.parted.id; ++i) places += i == 0 ? "?" : ", ?";
    return places;
  }
  base::Result<std::int64_t> InsertAs(const std::string& own_id) {
    const auto received_ns = Int(table_.parted.received);
    TAPIARY_ASSIGN(const SqlitePart part,
                   PartFor(table_.connection, table_.parted.name, received_ns));
    TAPIARY_TRY(Note(part));
    TAPIARY_TRY(Run(fmt::format("INSERT INTO {} ({}, id) VALUES ({}, {})", part.name, Names(),
                                Places(), own_id)));
    return (part.number << kPartIdBits) | table_.connection.last_id();
  }
  base::Result<> Note(const SqlitePart& part) {
    if (table_.parted.keys == 0) return {};
    return NoteNumbers(table_.connection, part.name, Int(0), Int(1), Int(2), Int(2));
  }
  // With the row's values.
  base::Result<> Run(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    int code = table_.pool.Take(sql, &statement);
    for (int i = 0; i < table_.parted.id && code == SQLITE_OK; ++i) {
      code = sqlite3_bind_value(statement, i + 1, values_[static_cast<std::size_t>(i)]);
    }
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    const std::string message = sqlite3_errmsg(table_.database);
    if (statement != nullptr) table_.pool.GiveBack(sql, statement);
    if (code == SQLITE_DONE) return {};
    return base::MakeError(base::ErrorCode::kInternal, message);
  }

  Table& table_;
  std::span<sqlite3_value* const> values_;  // of the table's columns
};

// The values: the row's id (NULL: a new row), its new id, then those of the columns; of a DELETE
// the first only.
int Update(sqlite3_vtab* base, int count, sqlite3_value** values, sqlite3_int64* id) {
  Table& table = Of(base);
  const std::int64_t old = sqlite3_value_int64(values[0]);
  RowChange change(table, {values + 2, static_cast<std::size_t>(count > 1 ? count - 2 : 0)});
  base::Result<> done;
  if (count == 1) {
    done = change.Delete(old);
  } else if (sqlite3_value_type(values[0]) != SQLITE_NULL) {
    done = change.Update(old);
  } else {
    const auto inserted = change.Insert();
    if (!inserted) return Fail(table, inserted.error());
    *id = *inserted;
  }
  return done ? SQLITE_OK : Fail(table, done.error());
}

sqlite3_module MakeModule() {
  sqlite3_module module{};
  module.iVersion = 1;
  module.xCreate = Connect;
  module.xConnect = Connect;
  module.xBestIndex = BestIndex;
  module.xDisconnect = Disconnect;
  module.xDestroy = Disconnect;
  module.xOpen = Open;
  module.xClose = Close;
  module.xFilter = Filter;
  module.xNext = Next;
  module.xEof = AtEnd;
  module.xColumn = Column;
  module.xRowid = RowId;
  module.xUpdate = Update;
  return module;
}

}  // namespace

bool AddPartTables(sqlite3* database, SqliteConnection& connection) {
  static const sqlite3_module module = MakeModule();
  auto* const own = new Module{connection};
  return sqlite3_create_module_v2(database, "tapiary_parts", &module, own,
                                  [](void* it) { delete static_cast<Module*>(it); }) == SQLITE_OK;
}

}  // namespace tapiary::server

// Many rows at once into PostgreSQL. One thread at a time, inside a transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/catalog/postgres.h"
#include "server/catalog/time_parts.h"

namespace tapiary::server {

// Calls `found` with each row of the group that `table` (rows.table or a part of it) has, as far as
// its number is in the range.
base::Result<> FindNumbers(PostgresConnection& connection, const NewRows& rows,
                           std::string_view table, const KeyGroups::value_type& group,
                           NumberRange range, const std::function<void(std::size_t)>& found);
// The numbers of those rows that `table` has, rising.
base::Result<> FindExisting(PostgresConnection& connection, const NewRows& rows,
                            std::string_view table, std::vector<std::size_t>* existing);
// The other rows, by COPY. kExists when one of them is there: the transaction then needs its
// savepoint.
base::Result<> CopyRows(PostgresConnection& connection, const NewRows& rows,
                        const std::vector<std::size_t>& without);
// Row by row; whoever else is inserting them is waited for.
base::Result<> InsertEach(PostgresConnection& connection, const NewRows& rows,
                          const std::vector<std::size_t>& without,
                          std::vector<std::size_t>* existing);

// Rows as COPY's binary form has them (PostgreSQL manual, "COPY", binary format), for columns of
// the types that PostgresStep makes: BIGINT, DOUBLE PRECISION, TEXT, BYTEA. Rows whose numbers are
// in `without` (rising) are left out.
std::string CopyText(std::span<const SqlValue> values, std::size_t width,
                     std::span<const std::size_t> without);

}  // namespace tapiary::server

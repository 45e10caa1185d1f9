// One row of a libpq result, whose columns came as text. Only for postgres.cc.
#pragma once

#include <optional>
#include <vector>

#include "server/catalog/catalog.h"

struct pg_result;

namespace tapiary::server {

class PostgresRow final : public SqlRow {
 public:
  explicit PostgresRow(const pg_result* result);
  [[nodiscard]] std::size_t size() const override { return columns_; }
  [[nodiscard]] bool IsNull(std::size_t column) const override;
  [[nodiscard]] std::int64_t Int(std::size_t column) const override;
  [[nodiscard]] double Real(std::size_t column) const override;
  [[nodiscard]] std::string_view Text(std::size_t column) const override;
  [[nodiscard]] std::span<const std::uint8_t> Blob(std::size_t column) const override;

 private:
  const pg_result* result_;
  std::size_t columns_;
  mutable std::vector<std::optional<std::vector<std::uint8_t>>> blobs_;  // decoded when asked for
};

}  // namespace tapiary::server

/// One prepared statement: parameters out, typed rows in, over the binary protocol.
#pragma once

#include <carpool/common/number_text.hpp>
#include <carpool/mysql/detail/handle.hpp>
#include <carpool/sql/value.hpp>

#include <mysql.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carpool::inline v0_1::detail {

struct MysqlStatementEnd {
  void operator()(MYSQL_STMT* statement) const noexcept { ::mysql_stmt_close(statement); }
};
using MysqlStatement = std::unique_ptr<MYSQL_STMT, MysqlStatementEnd>;

struct MysqlMetadataEnd {
  void operator()(MYSQL_RES* result) const noexcept { ::mysql_free_result(result); }
};
using MysqlMetadata = std::unique_ptr<MYSQL_RES, MysqlMetadataEnd>;

[[nodiscard]] constexpr bool is_mysql_integer(enum_field_types type) noexcept {
  return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 || type == MYSQL_TYPE_LONG ||
         type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_YEAR;
}
[[nodiscard]] constexpr bool is_mysql_floating(enum_field_types type) noexcept {
  return type == MYSQL_TYPE_FLOAT || type == MYSQL_TYPE_DOUBLE;
}

/// The bytes of a BIT(n), the highest first, as the number that they are; n is at most 64.
[[nodiscard]] inline SqlValue mysql_bits(std::string_view bytes) {
  std::uint64_t number = 0;
  if (bytes.size() > sizeof number) return bytes;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

/// The values must outlive it: the library reads them in place.
class MysqlParameters {
 public:
  explicit MysqlParameters(SqlParameters values) : binds_(values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      MYSQL_BIND& bind = binds_[i];
      std::visit([&bind](const auto& value) { set(bind, value); }, values[i].variant());
    }
  }
  [[nodiscard]] MYSQL_BIND* data() noexcept { return binds_.data(); }

 private:
  static void set(MYSQL_BIND& bind, std::monostate) noexcept { bind.buffer_type = MYSQL_TYPE_NULL; }
  static void set(MYSQL_BIND& bind, const bool& value) noexcept { point(bind, MYSQL_TYPE_TINY, &value, 1); }
  static void set(MYSQL_BIND& bind, const std::int64_t& value) noexcept { point(bind, MYSQL_TYPE_LONGLONG, &value, 8); }
  static void set(MYSQL_BIND& bind, const std::uint64_t& value) noexcept {
    point(bind, MYSQL_TYPE_LONGLONG, &value, 8);
    bind.is_unsigned = 1;
  }
  static void set(MYSQL_BIND& bind, const double& value) noexcept { point(bind, MYSQL_TYPE_DOUBLE, &value, 8); }
  static void set(MYSQL_BIND& bind, const std::string& value) noexcept {
    point(bind, MYSQL_TYPE_STRING, value.data(), value.size());
  }
  static void set(MYSQL_BIND& bind, const SqlValue::Bytes& value) noexcept {
    point(bind, MYSQL_TYPE_BLOB, value.data(), value.size());
  }

  static void point(MYSQL_BIND& bind, enum_field_types type, const void* from, std::size_t size) noexcept {
    bind.buffer_type = type;
    bind.buffer = const_cast<void*>(from);  // which the library only reads
    bind.buffer_length = size;
    bind.length_value = size;
    bind.length = &bind.length_value;
  }

  std::vector<MYSQL_BIND> binds_;
};

/// Where the columns of one row after another are put.
class MysqlRowBuffer {
 public:
  MysqlRowBuffer(const MYSQL_FIELD* fields, unsigned count) : cells_(count), binds_(count) {
    for (unsigned i = 0; i < count; ++i) bind(fields[i], cells_[i], binds_[i]);
  }
  MysqlRowBuffer(const MysqlRowBuffer&) = delete;
  MysqlRowBuffer& operator=(const MysqlRowBuffer&) = delete;

  [[nodiscard]] MYSQL_BIND* data() noexcept { return binds_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }

  /// What the last fetch put there. The library keeps a text until it is asked for, and tells its length first.
  [[nodiscard]] SqlValue take(MYSQL_STMT* statement, unsigned column) {
    const Cell& cell = cells_[column];
    if (cell.is_null != 0) return {};
    const MYSQL_BIND& bind = binds_[column];
    if (bind.buffer_type == MYSQL_TYPE_FLOAT) return as_written(cell.narrow);
    if (bind.buffer_type == MYSQL_TYPE_DOUBLE) return cell.floating;
    if (cell.bits) return mysql_bits(text(statement, column));
    if (bind.buffer_type != MYSQL_TYPE_LONGLONG) return text(statement, column);
    return bind.is_unsigned != 0 ? SqlValue(cell.number) : signed_value(cell);
  }
  [[nodiscard]] std::size_t bytes(unsigned column) const noexcept {
    return cells_[column].is_null != 0 ? 0 : cells_[column].length;
  }

 private:
  struct Cell {
    std::uint64_t number = 0;
    double floating = 0;
    float narrow = 0;
    bool bits = false;  // a BIT, which comes as a text
    unsigned long length = 0;
    my_bool is_null = 0;
    my_bool error = 0;
  };

  static void bind(const MYSQL_FIELD& field, Cell& cell, MYSQL_BIND& bind) noexcept {
    bind.is_null = &cell.is_null;
    bind.length = &cell.length;
    bind.error = &cell.error;
    if (is_mysql_integer(field.type)) {
      bind.buffer_type = MYSQL_TYPE_LONGLONG;
      bind.buffer = &cell.number;
      bind.is_unsigned = (field.flags & UNSIGNED_FLAG) != 0 ? 1 : 0;
    } else if (field.type == MYSQL_TYPE_FLOAT) {
      bind.buffer_type = MYSQL_TYPE_FLOAT;
      bind.buffer = &cell.narrow;
    } else if (field.type == MYSQL_TYPE_DOUBLE) {
      bind.buffer_type = MYSQL_TYPE_DOUBLE;
      bind.buffer = &cell.floating;
    } else {
      bind.buffer_type = MYSQL_TYPE_STRING;
      cell.bits = field.type == MYSQL_TYPE_BIT;
    }
  }

  static SqlValue signed_value(const Cell& cell) noexcept { return static_cast<std::int64_t>(cell.number); }

  std::string text(MYSQL_STMT* statement, unsigned column) {
    std::string value(cells_[column].length, '\0');
    if (value.empty()) return value;
    MYSQL_BIND into = binds_[column];
    into.buffer = value.data();
    into.buffer_length = value.size();
    if (::mysql_stmt_fetch_column(statement, &into, column, 0) != 0) throw std::bad_alloc();
    return value;
  }

  std::vector<Cell> cells_;
  std::vector<MYSQL_BIND> binds_;
};

/// The statements that a session has prepared, the last used first. Few, so a list that is looked through will do.
class MysqlStatements {
 public:
  /// nullptr: not prepared yet.
  [[nodiscard]] MYSQL_STMT* find(std::string_view sql) {
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->first != sql) continue;
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->second.get();
    }
    return nullptr;
  }
  MYSQL_STMT* keep(std::string_view sql, MysqlStatement statement) {
    entries_.emplace_front(sql, std::move(statement));
    return entries_.front().second.get();
  }
  /// Ends those used least. It tells the server, which does not answer.
  void shrink(std::size_t most) noexcept {
    while (entries_.size() > most) entries_.pop_back();
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  std::list<std::pair<std::string, MysqlStatement>> entries_;
};

}  // namespace carpool::inline v0_1::detail

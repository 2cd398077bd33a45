/// Reads the rows of an answer one by one, so that no server can make its client take more memory than was agreed.
#pragma once

#include <carpool/common/number_text.hpp>
#include <carpool/mysql/detail/session.hpp>
#include <carpool/mysql/result.hpp>
#include <carpool/mysql/statement.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/time.hpp>

#include <mysql.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

template <class Backend>
class MysqlReader {
 public:
  MysqlReader(MysqlSession<Backend>& session, TimePoint deadline) noexcept
      : session_(session), deadline_(deadline), room_(session.options().max_reply_bytes) {}

  /// After mysql_real_query.
  [[nodiscard]] std::vector<MysqlResult> text_results() {
    std::vector<MysqlResult> results;
    do {
      begin_result();
      results.push_back(text_result());
    } while (next_text_result());
    return results;
  }

  /// After mysql_stmt_execute. Of several results the first; the others are read too, to be rid of them.
  [[nodiscard]] MysqlResult binary_result(MYSQL_STMT* statement) {
    MysqlResult result = one_binary_result(statement);
    for (; next_binary_result(statement); (void)one_binary_result(statement)) begin_result();
    return result;
  }

 private:
  /// The end of a result whose rows came from the stream. It would read what is left; but where something is left the
  /// stream is given up, and a server might never come to an end.
  struct TextEnd {
    void operator()(MYSQL_RES* result) const noexcept {
      result->handle = nullptr;
      ::mysql_free_result(result);
    }
  };

  [[nodiscard]] MysqlResult text_result() {
    MYSQL* const mysql = session_.mysql();
    MysqlResult result;
    const std::unique_ptr<MYSQL_RES, TextEnd> rows(::mysql_use_result(mysql));
    if (rows == nullptr && ::mysql_field_count(mysql) != 0) session_.raise(MysqlFailure::of(mysql));
    if (rows == nullptr) return numbers(mysql);
    name_columns(result, rows->fields, rows->field_count);
    for (MYSQL_ROW row = next(rows.get()); row != nullptr; row = next(rows.get())) {
      append(result, rows.get(), row);
    }
    result.set_warnings(::mysql_warning_count(mysql));
    return result;
  }

  [[nodiscard]] MYSQL_ROW next(MYSQL_RES* rows) {
    MYSQL_ROW row = nullptr;
    session_.call(deadline_, [rows, &row](MYSQL* mysql) {
      row = ::mysql_fetch_row(rows);
      return row != nullptr || ::mysql_errno(mysql) == 0;
    });
    return row;
  }

  void append(MysqlResult& result, MYSQL_RES* rows, MYSQL_ROW row) {
    const unsigned long* const lengths = ::mysql_fetch_lengths(rows);
    for (unsigned i = 0; i < rows->field_count; ++i) {
      take_room(lengths[i]);
      result.add_value(row[i] == nullptr ? SqlValue() : value(rows->fields[i], {row[i], lengths[i]}));
    }
  }

  /// Numbers as numbers. What does not parse as one stays the text that the server sent.
  [[nodiscard]] static SqlValue value(const MYSQL_FIELD& field, std::string_view text) {
    if (is_mysql_integer(field.type)) {
      return (field.flags & UNSIGNED_FLAG) != 0 ? number<std::uint64_t>(text) : number<std::int64_t>(text);
    }
    if (field.type == MYSQL_TYPE_BIT) return mysql_bits(text);
    return is_mysql_floating(field.type) ? number<double>(text) : SqlValue(text);
  }
  template <class T>
  [[nodiscard]] static SqlValue number(std::string_view text) {
    T parsed{};
    const auto [stop, error] = read_number(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc() || stop != text.data() + text.size()) return text;
    return parsed;
  }

  [[nodiscard]] static MysqlResult numbers(MYSQL* mysql) {
    MysqlResult result;
    result.set_affected_rows(::mysql_affected_rows(mysql));
    result.set_last_insert_id(::mysql_insert_id(mysql));
    result.set_warnings(::mysql_warning_count(mysql));
    return result;
  }

  [[nodiscard]] bool next_text_result() {
    int status = 0;
    session_.call(deadline_, [&status](MYSQL* mysql) { return (status = ::mysql_next_result(mysql)) <= 0; });
    return status == 0;
  }

  [[nodiscard]] MysqlResult one_binary_result(MYSQL_STMT* statement) {
    MysqlResult result;
    const MysqlMetadata fields(::mysql_stmt_result_metadata(statement));
    if (fields == nullptr) {
      result.set_affected_rows(::mysql_stmt_affected_rows(statement));
      result.set_last_insert_id(::mysql_stmt_insert_id(statement));
      return result;
    }
    name_columns(result, fields->fields, fields->field_count);
    MysqlRowBuffer buffer(fields->fields, fields->field_count);
    if (::mysql_stmt_bind_result(statement, buffer.data()) != 0) session_.raise(MysqlFailure::of(statement));
    while (fetch(statement)) append(result, statement, buffer);
    result.set_warnings(::mysql_warning_count(session_.mysql()));
    session_.call(deadline_, statement, [](MYSQL_STMT* it) { return ::mysql_stmt_free_result(it) == 0; });
    return result;
  }

  [[nodiscard]] bool fetch(MYSQL_STMT* statement) {
    int status = 0;
    session_.call(deadline_, statement, [&status](MYSQL_STMT* it) { return (status = ::mysql_stmt_fetch(it)) != 1; });
    return status != MYSQL_NO_DATA;
  }

  void append(MysqlResult& result, MYSQL_STMT* statement, MysqlRowBuffer& buffer) {
    for (unsigned i = 0; i < buffer.size(); ++i) {
      take_room(buffer.bytes(i));
      result.add_value(buffer.take(statement, i));
    }
  }

  [[nodiscard]] bool next_binary_result(MYSQL_STMT* statement) {
    int status = 0;
    session_.call(deadline_, statement,
                  [&status](MYSQL_STMT* it) { return (status = ::mysql_stmt_next_result(it)) <= 0; });
    return status == 0;
  }

  static void name_columns(MysqlResult& result, const MYSQL_FIELD* fields, unsigned count) {
    for (unsigned i = 0; i < count; ++i) result.add_column(std::string(fields[i].name, fields[i].name_length));
  }

  /// Even one without a value costs something, or a server could go on for ever.
  void begin_result() {
    take_room(sizeof(MysqlResult));
    session_.check_time(deadline_);
  }
  /// A value costs its own size beside what it holds.
  void take_room(std::size_t bytes) {
    const std::size_t cost = bytes + sizeof(SqlValue);
    if (cost > room_) session_.refuse_size();
    room_ -= cost;
  }

  MysqlSession<Backend>& session_;
  TimePoint deadline_;
  std::size_t room_;
};

}  // namespace carpool::inline v0_1::detail

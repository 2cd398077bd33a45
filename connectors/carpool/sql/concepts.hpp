/// What may be said to each SQL database alike: code that is written for these concepts runs on all that meet them.
#pragma once

#include <carpool/sql/field.hpp>
#include <carpool/sql/transaction.hpp>
#include <carpool/sql/value.hpp>
#include <carpool/time.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>

namespace carpool::inline v0_1 {

/// Rows in memory, which outlive their lease.
template <class R>
concept SqlResult = std::movable<R> && std::ranges::input_range<const R> &&
                    requires(const R& result, std::size_t index, std::string_view name) {
                      { result.size() } -> std::same_as<std::size_t>;
                      { result.empty() } -> std::same_as<bool>;
                      { result.columns() } -> std::same_as<std::size_t>;
                      { result.name(index) } -> std::convertible_to<std::string_view>;
                      { result.column(name) } -> std::same_as<std::size_t>;
                      { result.one()[index] } -> std::same_as<SqlField>;
                      { result[index][name] } -> std::same_as<SqlField>;
                      { result[index].template get<int>(name) } -> std::same_as<int>;
                      { result.template get<std::optional<int>>(index, index) } -> std::same_as<std::optional<int>>;
                      { result.affected_rows() } -> std::same_as<std::uint64_t>;
                    };

/// query() for rows; execute() for how many rows were inserted, updated or deleted. One statement each.
template <class C>
concept SqlConnection = requires(C& connection, const std::string& sql) {
  { connection.query(sql) } -> SqlResult;
  { connection.execute(sql) } -> std::same_as<std::uint64_t>;
};

/// Besides, values beside the statement, statements that stay prepared, and transactions: all but Hive.
template <class C>
concept TransactionalSqlConnection = SqlConnection<C> && requires(C& connection, const C& asked, const std::string& sql,
                                                                  SqlParameters values, TimePoint deadline) {
  { connection.query(sql, values, deadline) } -> SqlResult;
  { connection.prepared(sql, values, deadline) } -> SqlResult;
  { connection.execute(sql, values, deadline) } -> std::same_as<std::uint64_t>;
  { connection.begin() } -> std::same_as<Transaction<C>>;
  { asked.in_transaction() } -> std::same_as<bool>;
};

}  // namespace carpool::inline v0_1

/// Rows that HiveServer2 has sent, as typed values with NULLs: stored by column, whichever way they came.
#pragma once

#include <carpool/hive/types.hpp>
#include <carpool/sql/concepts.hpp>
#include <carpool/sql/result.hpp>
#include <carpool/sql/view.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

/// Cells of one type. A missing entry of nulls means that the cell is there.
struct HiveCells {
  using Values =  ///< one alternative for each type on the wire
      std::variant<std::vector<bool>, std::vector<std::int8_t>, std::vector<std::int16_t>, std::vector<std::int32_t>,
                   std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;
  Values values = std::vector<std::string>();  ///< a NULL has a cell too: an empty value
  std::vector<bool> nulls = {};                ///< may be shorter than values

  /// Cells, NULL ones included.
  [[nodiscard]] std::size_t size() const {
    return std::visit([](const auto& cells) { return cells.size(); }, values);
  }
  /// False for a row that is not there.
  [[nodiscard]] bool is_null(std::size_t row) const { return row < nulls.size() && nulls[row]; }

  /// Whatever the type of the cells.
  void append_null() {
    nulls.resize(size());
    nulls.push_back(true);
    std::visit([](auto& cells) { cells.emplace_back(); }, values);
  }
  /// False where the column is of another type. As long as it is all NULL it is of any.
  template <class T>
  [[nodiscard]] bool append(T value) {
    if (!std::holds_alternative<std::vector<T>>(values) && !retype<T>()) return false;
    std::get<std::vector<T>>(values).push_back(std::move(value));
    return true;
  }

  /// Throws std::invalid_argument where they are of another type.
  void append(HiveCells more) {
    if (values.index() != more.values.index() && !adopt_type(more)) {
      throw std::invalid_argument("Hive: a column changes its type");
    }
    nulls.resize(size());
    more.nulls.resize(more.size());
    nulls.insert(nulls.end(), more.nulls.begin(), more.nulls.end());
    const auto join = [&more]<class Cells>(Cells& cells) {
      auto& others = std::get<Cells>(more.values);
      cells.insert(cells.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
    };
    std::visit(join, values);
  }

 private:
  [[nodiscard]] bool all_null() const {
    return nulls.size() >= size() && std::find(nulls.begin(), nulls.end(), false) == nulls.end();
  }
  template <class T>
  bool retype() {
    if (!all_null()) return false;
    values = std::vector<T>(size());
    return true;
  }
  /// One of the two takes the other's type, where it has none of its own yet.
  bool adopt_type(HiveCells& more) {
    const auto to_ours = [&more]<class T>(const std::vector<T>&) { return more.retype<T>(); };
    const auto to_theirs = [this]<class T>(const std::vector<T>&) { return retype<T>(); };
    return std::visit(to_ours, values) || std::visit(to_theirs, more.values);
  }
};

/// All rows of a statement, or a batch of them. Hive's types are read as those that HiveType names.
///
/// Errors:   std::out_of_range for a row or column that is not there, SqlValueError where a cell is asked for as what
///           it is not, std::invalid_argument where batches do not fit each other.
class HiveRows : public SqlRowAccess<HiveRows> {
 public:
  HiveRows() = default;
  /// One entry per column, all of one length. The columns have no names until describe().
  explicit HiveRows(std::vector<HiveCells> cells) : cells_(std::move(cells)) {}

  /// The number of rows in this batch, or of all that query() gave.
  [[nodiscard]] std::size_t size() const { return cells_.empty() ? 0 : cells_.front().size(); }
  /// Also where there are no rows, if they were described.
  [[nodiscard]] std::size_t columns() const noexcept { return cells_.empty() ? described_.size() : cells_.size(); }
  /// Empty where it was not asked for: query() asks, fetch() does not.
  [[nodiscard]] std::string_view name(std::size_t column) const {
    detail::check_sql_index(column, columns(), "column");
    return column < described_.size() ? std::string_view(described_[column].name) : std::string_view();
  }
  /// For SqlRowAccess, which has checked both numbers.
  [[nodiscard]] SqlView view(std::size_t row, std::size_t column) const {
    const HiveCells& cells = cells_[column];
    if (cells.is_null(row)) return std::monostate();
    return std::visit([row](const auto& values) { return view_of_cell(values, row); }, cells.values);
  }
  /// How many rows the statement has changed, where the server counts.
  [[nodiscard]] std::uint64_t affected_rows() const noexcept { return affected_rows_; }

  /// Names and types, where they were asked for.
  [[nodiscard]] const std::vector<HiveColumn>& described() const noexcept { return described_; }

  /// The cell in the type that its column has.
  [[nodiscard]] HiveValue value(std::size_t row, std::size_t column) const {
    if (is_null(row, column)) return {};
    const auto convert = [row](const auto& values) {
      using Cell = typename std::decay_t<decltype(values)>::value_type;
      return HiveValue(static_cast<Cell>(values[row]));
    };
    return std::visit(convert, cells_[column].values);
  }

  // --- for the connection that reads it ---

  /// One entry per column, in their order.
  void describe(std::vector<HiveColumn> columns) { described_ = std::move(columns); }
  void set_affected_rows(std::uint64_t count) noexcept { affected_rows_ = count; }  ///< see affected_rows(); at first 0
  /// To the end of these; the same columns of the same types, or std::invalid_argument.
  void append(HiveRows more) {
    if (cells_.empty()) return cells_.swap(more.cells_);
    if (more.columns() != columns()) throw std::invalid_argument("Hive: a batch of rows has another number of columns");
    for (std::size_t i = 0; i < columns(); ++i) cells_[i].append(std::move(more.cells_[i]));
  }

 private:
  template <class Values>
  [[nodiscard]] static SqlView view_of_cell(const Values& values, std::size_t row) {
    using Cell = typename Values::value_type;
    if constexpr (std::integral<Cell> && !std::same_as<Cell, bool>) {
      return static_cast<std::int64_t>(values[row]);
    } else if constexpr (std::same_as<Cell, bool>) {
      return static_cast<bool>(values[row]);
    } else {
      return values[row];
    }
  }

  std::vector<HiveColumn> described_;
  std::vector<HiveCells> cells_;
  std::uint64_t affected_rows_ = 0;
};

static_assert(SqlResult<HiveRows>);

}  // namespace carpool::inline v0_1

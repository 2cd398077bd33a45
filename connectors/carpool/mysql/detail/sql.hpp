/// Whether a statement can leave something behind in its session that the next user of the connection would meet.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace carpool::inline v0_1::detail {

[[nodiscard]] constexpr bool is_sql_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr char lower_sql(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// The first word, in lower case; empty where the statement begins with anything else (a comment, a bracket).
[[nodiscard]] inline std::string first_sql_word(std::string_view sql) {
  const auto begin = std::find_if(sql.begin(), sql.end(), [](char c) { return c > ' '; });
  const auto end = std::find_if_not(begin, sql.end(), is_sql_letter);
  std::string word(begin, end);
  std::transform(word.begin(), word.end(), word.begin(), lower_sql);
  return word;
}

/// Finds needle, which is in lower case.
[[nodiscard]] inline bool sql_contains(std::string_view sql, std::string_view needle) {
  const auto same = [](char left, char right) { return lower_sql(left) == right; };
  return std::search(sql.begin(), sql.end(), needle.begin(), needle.end(), same) != sql.end();
}

/// Plain reading and writing, and nothing else: no variable, no named lock, no hidden part, no second statement. In
/// doubt false: a reset too many costs a round trip, one too few gives a user's session to the next.
[[nodiscard]] inline bool leaves_session_clean(std::string_view sql) {
  constexpr std::array<std::string_view, 17> plain = {
      "select", "insert", "update",  "delete",   "replace",   "values",
      "with",   "show",   "explain", "desc",     "describe",  // and what the server tells the state of:
      "start",  "begin",  "commit",  "rollback", "savepoint", "release"};
  if (std::find(plain.begin(), plain.end(), first_sql_word(sql)) == plain.end()) return false;
  if (sql.find_first_of("@;") != std::string_view::npos || sql.find("/*") != std::string_view::npos) return false;
  return !sql_contains(sql, "get_lock") && !sql_contains(sql, "last_insert_id") && !sql_contains(sql, "found_rows");
}

/// Whether the statement certainly leaves the session in the schema that it was in.
[[nodiscard]] inline bool leaves_schema(std::string_view sql) {
  return leaves_session_clean(sql) ||
         (!sql_contains(sql, "use") && !sql_contains(sql, "database") && !sql_contains(sql, "schema"));
}

}  // namespace carpool::inline v0_1::detail

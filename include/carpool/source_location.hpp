/// Where in the user's source a lease was taken: std::source_location, or its likeness where a compiler lacks it.
#pragma once

#include <version>

#ifdef __cpp_lib_source_location
#include <source_location>
#else
#include <cstdint>
#endif

namespace carpool::inline v0_1 {

#ifdef __cpp_lib_source_location
using SourceLocation = std::source_location;
#else
/// For clang before 16, whose std::source_location is missing with libstdc++: the same members from older builtins.
class SourceLocation {
 public:
  /// The caller's place where it is called without arguments, as the default of a parameter too.
  static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                          std::uint_least32_t line = __builtin_LINE(),
                                          const char* function = __builtin_FUNCTION()) noexcept {
    SourceLocation here;
    here.file_ = file;
    here.line_ = line;
    here.function_ = function;
    return here;
  }
  [[nodiscard]] constexpr const char* file_name() const noexcept { return file_; }  ///< Lifetime: the program's
  /// Without its parameters. Lifetime: the program's.
  [[nodiscard]] constexpr const char* function_name() const noexcept { return function_; }
  /// Counted from 1; 0 where made by the default constructor.
  [[nodiscard]] constexpr std::uint_least32_t line() const noexcept { return line_; }
  [[nodiscard]] constexpr std::uint_least32_t column() const noexcept { return 0; }  ///< always 0: unknown

 private:
  const char* file_ = "";
  const char* function_ = "";
  std::uint_least32_t line_ = 0;
};
#endif

}  // namespace carpool::inline v0_1

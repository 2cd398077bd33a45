/// One line on the terminal that says what is being done and how long the rest will take.
#pragma once

#include "text.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace carpool::compare {

/// "[███████───]  70 %  0:12 left  thread + lifo, round 2 of 5", cut to the width.
[[nodiscard]] inline std::string progress_line(double share, double seconds_left, std::string_view stage,
                                               std::size_t width, Charset charset) {
  constexpr std::size_t bar_width = 20;
  share = std::clamp(share, 0.0, 1.0);
  auto line = fmt::format("[{}] {:3.0f} %  {} left  ", pad_right(bar(share, bar_width, charset), bar_width),
                          share * 100, clock_time(seconds_left));
  const auto room = width > columns_of(line) ? width - columns_of(line) : 0;
  return line + std::string(stage.substr(0, room));
}

/// Draws on a terminal by rewriting one line, and says nothing elsewhere. One thread uses it.
class Progress {
 public:
  Progress(std::FILE* terminal, bool shown, Charset charset) noexcept
      : terminal_(terminal), shown_(shown), charset_(charset) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// All the work, in seconds as expected.
  void expect(double seconds) noexcept { total_ += seconds; }
  void begin(std::string stage) { stage_ = std::move(stage); }

  /// So much more of the expected time has passed.
  void advance(double seconds) {
    done_ += seconds;
    if (!shown_ || total_ <= 0) return;
    const auto line = progress_line(done_ / total_, total_ - done_, stage_, 78, charset_);
    std::fprintf(terminal_, "\r%s\x1b[K", line.c_str());
    std::fflush(terminal_);
  }

  /// Leaves an empty line for whatever is printed next.
  void clear() noexcept {
    if (!shown_) return;
    std::fputs("\r\x1b[K", terminal_);
    std::fflush(terminal_);
  }

 private:
  std::FILE* terminal_;
  bool shown_;
  Charset charset_;
  double total_ = 0;
  double done_ = 0;
  std::string stage_;
};

}  // namespace carpool::compare

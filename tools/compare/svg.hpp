/// Writes SVG elements: the pencil of the charts.
#pragma once

#include "text.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace carpool::compare {

/// Text made safe for HTML and XML.
[[nodiscard]] inline std::string escape_markup(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += c;
    }
  }
  return safe;
}

/// What the charts look like, light and dark. The series colours are told apart by colour-blind readers too.
inline constexpr std::string_view svg_style = R"(
.chart{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;--ink:#1c2330;--soft:#5b6675;--grid:#dfe4ea;--paper:#fff;
--s0:#8a94a3;--s1:#0072b2;--s2:#d98200;--s3:#00946a;--good:#00946a;--bad:#d2462f}
@media(prefers-color-scheme:dark){.chart{--ink:#e6eaf0;--soft:#9aa6b5;--grid:#2f3a48;--paper:#161c24;
--s0:#8f9bab;--s1:#4aa8e0;--s2:#f0a53a;--s3:#34c79a;--good:#34c79a;--bad:#ff7a63}}
.chart text{fill:var(--ink)}.chart .soft{fill:var(--soft);font-size:12px}.chart .head{font-weight:600}
.chart .title{font-weight:600;font-size:16px}
.chart .grid{stroke:var(--grid);stroke-width:1}.chart .axis{stroke:var(--soft);stroke-width:1}
.chart .range{stroke:var(--ink);stroke-width:1.5;opacity:.75}.chart .link{stroke:var(--soft);stroke-width:1.5;opacity:.6}
.chart .s0{fill:var(--s0)}.chart .s1{fill:var(--s1)}.chart .s2{fill:var(--s2)}.chart .s3{fill:var(--s3)}
.chart .l0{stroke:var(--s0)}.chart .l1{stroke:var(--s1)}.chart .l2{stroke:var(--s2)}.chart .l3{stroke:var(--s3)}
.chart .line{fill:none;stroke-width:2.25;stroke-linejoin:round}.chart .hollow{fill:var(--paper);stroke-width:2}
.chart .wanted{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}.chart .good{fill:var(--good)}.chart .bad{fill:var(--bad)}
)";

/// Every chart is so wide, in pixels: a telephone of 390 pixels shows it at four fifths of its size, which is legible.
inline constexpr double chart_width = 420;

enum class Anchor : std::uint8_t {
  start,   ///< the text begins at the point
  middle,  ///< it is centred on it
  end,     ///< it ends there
};

/// Collects elements and wraps them into one drawing. Coordinates are pixels of its own width and height.
class Svg {
 public:
  Svg(double width, std::string title) : width_(width), title_(std::move(title)) {}

  [[nodiscard]] double width() const noexcept { return width_; }

  void line(double x1, double y1, double x2, double y2, std::string_view css) {
    body_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", x1, y1, x2, y2, css) +
             "\n";
  }

  void text(double x, double y, std::string_view words, std::string_view css = "", Anchor anchor = Anchor::start) {
    static constexpr std::string_view anchors[] = {"start", "middle", "end"};
    body_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>)", x, y, css,
                         anchors[static_cast<std::size_t>(anchor)], escape_markup(words)) +
             "\n";
  }

  /// The tip is shown where the reader's pointer rests.
  void box(double x, double y, double width, double height, std::string_view css, std::string_view tip,
           double opacity = 1) {
    body_ += fmt::format(
        R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2" class="{}" opacity="{:.2f}"><title>{}</title></rect>)",
        x, y, std::max(width, 0.5), height, css, opacity, escape_markup(tip));
    body_ += "\n";
  }

  void circle(double x, double y, double radius, std::string_view css, std::string_view tip) {
    body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="{}"><title>{}</title></circle>)", x, y,
                         radius, css, escape_markup(tip)) +
             "\n";
  }

  /// points: "x,y x,y ..."
  void polyline(std::string_view points, std::string_view css) {
    body_ += fmt::format(R"(<polyline points="{}" class="{}"/>)", points, css) + "\n";
  }

  void polygon(std::string_view points, std::string_view css, std::string_view tip) {
    body_ +=
        fmt::format(R"(<polygon points="{}" class="{}"><title>{}</title></polygon>)", points, css, escape_markup(tip)) +
        "\n";
  }

  /// The drawing, to stand in a page that has svg_style.
  [[nodiscard]] std::string finish(double height) const {
    return fmt::format(
               R"(<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" )"
               R"(height="{1:.0f}" role="img" aria-label="{2}">)",
               width_, height, escape_markup(title_)) +
           "\n" + body_ + "</svg>\n";
  }

 private:
  double width_;
  std::string title_;
  std::string body_;
};

namespace detail {

inline constexpr double margin = 10;

/// Lines of text, each so high, from y on. Returns them, and moves y below them.
inline std::string text_lines(std::string_view words, std::size_t columns, double height, std::string_view css,
                              double& y) {
  std::string lines;
  auto rest = words.empty() ? std::string() : wrap(words, columns, "", "");
  for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
    y += height;
    lines += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" class=\"{}\">{}</text>\n", margin, y, css,
                         escape_markup(rest.substr(0, end)));
    rest.erase(0, end + 1);
  }
  return lines;
}

}  // namespace detail

/// The same drawing as a file of its own: with its title, how to read it and where it comes from, its style, a margin
/// and a ground to stand on.
[[nodiscard]] inline std::string standalone_svg(const std::string& drawing, std::string_view title,
                                                std::string_view caption = "", std::string_view source = "") {
  constexpr std::string_view height_attribute = "height=\"";
  const double drawn = std::stod(drawing.substr(drawing.find(height_attribute) + height_attribute.size()));
  double y = 6;
  auto words = detail::text_lines(title, 40, 20, "title", y);
  words += detail::text_lines(caption, 64, 17, "soft", y);
  const auto inner = fmt::format(R"(<svg x="{:.0f}" y="{:.0f}")", detail::margin, y + 8) +
                     drawing.substr(std::string_view("<svg").size());
  y += 8 + drawn;
  words += detail::text_lines(source, 64, 17, "soft", y);
  return fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{0:.0f}" height="{1:.0f}" )"
                     R"(viewBox="0 0 {0:.0f} {1:.0f}" role="img" aria-label="{2}">)",
                     chart_width + 2 * detail::margin, y + detail::margin, escape_markup(title)) +
         "\n<style>" + std::string(svg_style) +
         "</style>\n<rect width=\"100%\" height=\"100%\" style=\"fill:var(--paper)\"/>\n" + words + inner + "</svg>\n";
}

}  // namespace carpool::compare

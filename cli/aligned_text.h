// Columns for people: cells aligned, cut and folded to fit a terminal.
//
// A row whose columns do not fit in one line goes on in indented lines, so that a terminal never
// wraps it: what attackers sent cannot stand where a row begins. Nor can a cell hold what looks
// like the gap between two columns. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace tapiary::cli {

struct TextLayout {
  // Longer cells end in an ellipsis. Not those of the first column, which name the row, nor of
  // the last, which widen no other row.
  std::size_t cell_width = SIZE_MAX;
  // Of the terminal: rows are folded to it and all cells cut to it.
  std::size_t line_width = SIZE_MAX;
};

// Text for one cell: escaped, and spaces that are at its ends or beside another, or that look like
// others, are escaped too.
std::string CellText(std::string_view text);

// All lines have the same number of cells; each is valid UTF-8. The first line is the header.
std::string AlignedText(std::vector<std::vector<std::string>> lines, const TextLayout& layout);

// What COLUMNS in the environment says, else the width of the terminal that `out` is; SIZE_MAX when
// it is none.
std::size_t TerminalWidth(std::FILE* out);

}  // namespace tapiary::cli

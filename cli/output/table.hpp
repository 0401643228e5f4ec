#pragma once

#include <string>
#include <vector>

namespace immure::cli {

/// Rows of text in aligned columns, two spaces apart; the last column is not padded.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace immure::cli

#include "tests/hostile/console.hpp"

#include <array>
#include <span>
#include <utility>

#include <unistd.h>

#include "base/io.hpp"
#include "policy/fd_layout.hpp"

namespace immure::hostile {

std::vector<std::string> next_command() {
  std::vector<std::string> words;
  std::string word;
  for (char c = 0; ::read(policy::vmm_fd::console, &c, 1) == 1;) {
    if (c != ' ' && c != '\n') {
      word += c;
      continue;
    }
    if (!word.empty()) words.push_back(std::exchange(word, {}));
    if (c == '\n' && !words.empty()) return words;
  }
  return {};
}

void say(std::initializer_list<std::string_view> words) {
  std::array<char, 256> line{};
  std::size_t size = 0;
  for (const auto word : words) size += word.copy(line.data() + size, line.size() - size - 1);
  line.at(size++) = '\n';
  static_cast<void>(write_all(policy::vmm_fd::console, std::as_bytes(std::span(line).first(size))));
}

}  // namespace immure::hostile

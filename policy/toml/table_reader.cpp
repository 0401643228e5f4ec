#include "policy/toml/table_reader.hpp"

#include <algorithm>

#include "policy/toml/nearest.hpp"
#include "policy/toml/values.hpp"

namespace immure::policy::toml_text {
namespace {

Place place_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

std::string_view describe(toml::node_type type) {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string not_wanted(const toml::node& node) {
  return "this is " + std::string(describe(node.type())) + ", which is not what belongs here";
}

std::optional<std::uint64_t> natural(const toml::node& node) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

}  // namespace

TableReader::TableReader(const toml::table* table, std::string path, Place place, Diagnostics& diagnostics)
    : table_(table), path_(std::move(path)), place_(place), diagnostics_(&diagnostics) {}

bool TableReader::has(std::string_view name) const { return table_ != nullptr && table_->contains(name); }

std::optional<std::string_view> TableReader::text(const Key& key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::string_view>();
  if (!value) reject(key, not_wanted(*node));
  return value;
}

std::optional<bool> TableReader::boolean(const Key& key) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<bool>();
  if (!value) reject(key, not_wanted(*node));
  return value;
}

std::optional<std::uint64_t> TableReader::whole_number(const Key& key, Range range) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer()) {
    reject(key, not_wanted(*node));
    return std::nullopt;
  }
  const auto value = natural(*node);
  if (value && range.contains(*value)) return value;
  reject(key, std::to_string(*node->value_exact<std::int64_t>()) + " is out of range");
  return std::nullopt;
}

std::optional<std::uint64_t> TableReader::size(const Key& key, Range range) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer() && !node->is_string()) {
    reject(key, not_wanted(*node));
    return std::nullopt;
  }
  const auto text = node->value_exact<std::string_view>();
  const auto value = text ? parse_size(*text) : natural(*node);
  if (!value) {
    reject(key, text ? quoted(*text) + " is not a size" : "a size is not negative");
    return std::nullopt;
  }
  if (range.contains(*value)) return value;
  reject(key, (text ? quoted(*text) : std::to_string(*value) + " bytes") + " is out of range");
  return std::nullopt;
}

std::vector<std::string_view> TableReader::texts(const Key& key) {
  const auto* array = find_array(key);
  if (array == nullptr) return {};
  std::vector<std::string_view> values;
  for (const auto& element : *array) {
    if (const auto value = element.value_exact<std::string_view>()) {
      values.push_back(*value);
    } else {
      report(place_of(element.source()), key.name, not_wanted(element) + "; allowed: " + key.allowed);
    }
  }
  return values;
}

std::vector<std::uint64_t> TableReader::whole_numbers(const Key& key, Range range) {
  const auto* array = find_array(key);
  if (array == nullptr) return {};
  std::vector<std::uint64_t> values;
  for (const auto& element : *array) {
    const auto value = element.is_integer() ? natural(element) : std::nullopt;
    if (!value || !range.contains(*value)) {
      reject(key, element.is_integer() ? "a number is out of range" : not_wanted(element));
      return {};
    }
    values.push_back(*value);
  }
  return values;
}

TableReader TableReader::table(std::string_view name) {
  const auto* node = find_any(name);
  if (node == nullptr) return {nullptr, full_name(name), place_, *diagnostics_};
  if (!node->is_table()) {
    report(place_of(node->source()), name,
           not_wanted(*node) + "; allowed: a table, [" + full_name(name) + "]");
  }
  return {node->as_table(), full_name(name), place_of(node->source()), *diagnostics_};
}

std::vector<TableReader> TableReader::tables(std::string_view name) {
  std::vector<TableReader> readers;
  const auto* node = find_any(name);
  if (node == nullptr) return readers;
  const auto allowed = "; allowed: tables, [[" + full_name(name) + "]] in front of each";
  const auto* array = node->as_array();
  if (array == nullptr) {
    report(place_of(node->source()), name, not_wanted(*node) + allowed);
    return readers;
  }
  for (const auto& element : *array) {
    const auto place = place_of(element.source());
    const auto index = std::string(name) + "[" + std::to_string(readers.size()) + "]";
    if (!element.is_table()) report(place, index, not_wanted(element) + allowed);
    readers.emplace_back(element.as_table(), full_name(index), place, *diagnostics_);
  }
  return readers;
}

void TableReader::reject(const Key& key, std::string_view why) {
  const auto* node = table_ == nullptr ? nullptr : table_->get(key.name);
  report(node == nullptr ? place_ : place_of(node->source()), key.name,
         std::string(why) + "; allowed: " + key.allowed);
}

void TableReader::finish() {
  if (table_ == nullptr) return;
  std::string list;
  for (const auto name : known_) list += (list.empty() ? "" : ", ") + std::string(name);
  for (const auto& [key, node] : *table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    std::string message = "unknown key";
    if (const auto meant = nearest(key.str(), known_)) message += ", did you mean " + quoted(*meant) + "?";
    report(place_of(key.source()), key.str(), message + "; allowed: " + list);
  }
}

const toml::node* TableReader::find(const Key& key) {
  const auto* node = find_any(key.name);
  if (node == nullptr && key.need == Need::required) {
    report(place_, key.name, "this key is missing; allowed: " + key.allowed);
  }
  return node;
}

const toml::array* TableReader::find_array(const Key& key) {
  const auto* node = find(key);
  if (node != nullptr && !node->is_array()) reject(key, not_wanted(*node));
  return node == nullptr ? nullptr : node->as_array();
}

const toml::node* TableReader::find_any(std::string_view name) {
  known_.push_back(name);
  return table_ == nullptr ? nullptr : table_->get(name);
}

void TableReader::report(Place place, std::string_view name, std::string_view message) {
  // A key from a hostile file may be as long as the file.
  constexpr std::size_t longest_name = 64;
  const auto shown =
      name.size() <= longest_name ? std::string(name) : std::string(name.substr(0, longest_name)) + "...";
  diagnostics_->add(place, full_name(shown) + ": " + std::string(message));
}

std::string TableReader::full_name(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

}  // namespace immure::policy::toml_text

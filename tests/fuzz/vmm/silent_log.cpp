// A hostile guest earns a warning at every step: here they would only take time.
#include "base/log.hpp"

namespace immure {

void set_log_name(std::string_view /*program*/) {}
void log_line(std::string_view /*message*/) {}

}  // namespace immure

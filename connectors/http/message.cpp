#include "connectors/http/message.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "bora/check.hpp"

namespace bora::http {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Appends `text` as the inside of a JSON string. Bytes outside ASCII become '?': they may be no
// UTF-8, and what a client sent is quoted here only so that its sender recognises it.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
    }
  }
}

}  // namespace

std::string_view to_string(Method method) noexcept {
  switch (method) {
    case Method::kGet: return "GET";
    case Method::kHead: return "HEAD";
    case Method::kPost: return "POST";
    case Method::kPut: return "PUT";
    case Method::kPatch: return "PATCH";
    case Method::kDelete: return "DELETE";
  }
  return "UNKNOWN";
}

std::string_view find_header(const std::vector<Header>& headers, std::string_view name) noexcept {
  for (const Header& header : headers)
    if (std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); }))
      return header.value;
  return {};
}

const std::string& Request::parameter(std::string_view name) const {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(),
                   [name](const PathParameter& parameter) { return parameter.name == name; });
  BORA_CHECK(found != parameters.end(), "no such parameter in the route of " + path);
  return found->value;
}

std::string_view address_of(std::string_view peer) noexcept {
  peer = peer.substr(0, peer.rfind(':'));
  if (peer.starts_with('[')) peer = peer.substr(1, peer.size() - 2);
  return peer;
}

Response text(int status, std::string body) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

Response json(int status, std::string body) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

Response problem(int status, std::string_view detail) {
  std::string body =
      "{\"type\":\"about:blank\",\"status\":" + std::to_string(status) + ",\"title\":\"";
  body += reason_of(status);
  body += "\",\"detail\":\"";
  append_escaped(body, detail);
  body += "\"}\n";
  return {.status = status, .content_type = "application/problem+json", .body = std::move(body)};
}

std::string_view reason_of(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    default: return "Unknown";
  }
}

}  // namespace bora::http

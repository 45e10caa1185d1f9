#include "capture/ot/cip/message.h"

#include "capture/ot/cip/epath.h"
#include "capture/ot/cip/status.h"

namespace tapiary::capture::cip {

RequestView ReadRequest(base::Bytes message) {
  RequestView view;
  base::ByteCursor cursor(message);
  view.service = cursor.U8() & 0x7f;
  const std::size_t size = cursor.U8() * 2u;
  view.bad = cursor.failed() || size > cursor.remaining();
  if (cursor.failed()) return view;
  view.path = cursor.Take(view.bad ? cursor.remaining() : size);
  view.data = cursor.rest();
  return view;
}

ResponseView ReadResponse(base::Bytes message) {
  ResponseView view;
  base::ByteCursor cursor(message);
  view.service = cursor.U8() & 0x7f;
  cursor.Skip(1);
  view.status = cursor.U8();
  const std::size_t size = cursor.U8() * 2u;
  view.bad = cursor.failed() || size > cursor.remaining();
  if (cursor.failed()) return view;
  view.extended = cursor.Take(view.bad ? cursor.remaining() : size);
  view.data = cursor.rest();
  return view;
}

bool IsPlausibleMessage(base::Bytes message) {
  if (message.empty()) return false;
  if (IsResponse(message)) {
    const ResponseView view = ReadResponse(message);
    return !view.bad && message[1] == 0 && !StatusName(view.status).empty() &&
           view.extended.size() <= 16;
  }
  const RequestView view = ReadRequest(message);
  return !view.bad && view.service != 0 && IsEpath(view.path);
}

}  // namespace tapiary::capture::cip

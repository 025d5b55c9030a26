"""Sentences for what these refuse: ordersite.accounts, ordersite.places, tracking."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.INVALID_CREDENTIALS: _("The e-mail address or the password is wrong."),
    Code.REFRESH_USED: _("This refresh token was used before, so the session was ended for safety: sign in again."),
    Code.INVALID_LINK: _("The link was already used, is too old or incomplete: ask for a new one."),
    Code.INVALID_CLEANED: _("{message}"),
    Code.WRONG: _("Send the password that you registered with."),
    Code.EMAIL_CONFIRMED: _("This e-mail address is already confirmed: sign in."),
    Code.NOT_MERCHANT_ADMIN: _("Only the owners and managers of a merchant see and create its tokens and webhooks."),
    Code.BUSY_PASSWORDS: _("Too many people are signing in at the moment: try again in a few seconds."),
    Code.FORBIDDEN_RIGHT: _("Only for staff with the right {right}: ask an administrator for it."),
    Code.THROTTLED_ATTEMPTS: _("Too many attempts: try again in {wait} seconds."),
    Code.THROTTLED_PLACES: _("Too many addresses were looked up: try again in a minute."),
    Code.REQUIRED_ADDRESS_TOO: _(
        "The address and its location change together, and no address is known for this location: send the address too."
    ),
    Code.REQUIRED_LOCATION_TOO: _(
        "The address and its location change together, and no location is known for this address: send the "
        "location too."
    ),
    Code.OTHER_PLACE: _(
        "The address is at {known.lat}, {known.lng} ({known.text}), but the location {sent.lat}, {sent.lng} "
        "is {metres} m away from it: send the address alone, or the address of that location."
    ),
    Code.OTHER_PLACE_SAVED: _(
        "The address is at {known.lat}, {known.lng} ({known.text}), but the location {sent.lat}, {sent.lng} "
        "is {metres} m away from it: set the point of {api}/me/addresses/{id} right."
    ),
    Code.SEVERAL_PLACES: _("This may mean several places: {texts}. Send one of these, or its location."),
}

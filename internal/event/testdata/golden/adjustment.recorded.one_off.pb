
1.0adjustment.recordedbilling"adj-1*¹×ØÀ©Ó:2acct_42J2

chat-large-12.5USD"refund*
enterprise2eu8

1.0usage.recordedapi-gateway/eu-1"01JD8*¹×ØÀ©Ó:2acct_42BC

chat-large
input_tokensÒ	
output_tokens·
enterprise"eu
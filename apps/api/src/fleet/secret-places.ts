/** Where a bot's secrets are kept; part of their envelope, so that one cannot be moved to another row. */
export const gatewayTokenPlace = (botId: string): string => `bots:${botId}:gateway_token`;
export const modelKeyPlace = (botId: string): string => `bots:${botId}:model_key`;
